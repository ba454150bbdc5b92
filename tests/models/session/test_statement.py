"""What a statement that calls the network returns when the network fails."""

from __future__ import annotations

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
