"""What a statement that calls the network returns when the network fails."""

from __future__ import annotations

import re

from models.session.findings import read_findings
from models.session.session import Session
from models.session.statement import run_statement


def test_a_failed_call_in_the_console_is_explained() -> None:
    session = Session()
    session.open("mlp", seed=0)
    problem = run_statement(session, "net(torch.rand(2, 7))").problem
    assert problem is not None
    assert problem.hint.startswith(
        "`hidden` expects 20 features, got 7 from the network's input: an input of [2, 20] fits"
    )
    problem = run_statement(session, "net(X) + undefined").problem
    assert problem is not None
    assert problem.type == "NameError"
    assert problem.hint == ""


def test_a_loss_that_fails_in_the_console_is_explained_and_found_with_its_line() -> None:
    session = Session()
    session.open("mlp", seed=0)  # returns [2, 10]
    run_statement(session, "import torch.nn.functional as F")
    problem = run_statement(session, "y = torch.tensor([1, 99])\nF.cross_entropy(net(X), y)").problem
    assert problem is not None
    assert "target 99 at [1] of `cross_entropy` at <console" in problem.hint
    assert "10 classes" in problem.hint
    (found,) = [each for each in read_findings(session).findings if each.kind == "failure"]
    assert found.severity == "error"
    assert found.text.startswith("failed after the forward: target 99 at [1]")
    assert found.text.endswith("; at cross_entropy of [2, 10] x [2]")
    assert found.where is not None
    assert re.fullmatch(r"<console \d+>:2", found.where)
    run_statement(session, "net(X).undefined")
    assert "failure" not in {each.kind for each in read_findings(session).findings}, "no operation failed"


def test_what_was_interrupted_in_the_console_did_not_fail() -> None:
    session = Session()
    session.open("mlp", seed=0)
    run_statement(session, "def stop(*args): raise KeyboardInterrupt\nhandle = net.out.register_forward_hook(stop)")
    problem = run_statement(session, "net(X)").problem
    assert problem is not None
    assert problem.kind == "interrupted"
    assert "failure" not in {each.kind for each in read_findings(session).findings}
    assert {run.problem for run in session.runs.modules().values()} == {""}
    facts = {fact.label: fact.text for group in session.describe("") for fact in group.facts}
    assert facts["Ended"] == "interrupted"
    assert "Failed" not in facts
