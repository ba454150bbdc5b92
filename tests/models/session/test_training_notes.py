"""What is found of code that trains: gradients that add up, weights that do not load, losses in a later statement."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from models.messages.findings import Finding
from models.session.findings import read_findings
from models.session.session import Session
from models.session.statement import run_statement

BEFORE = "opt = torch.optim.SGD(net.parameters(), lr=0.01)"
LOOP = """for _ in range(3):
    {first}
    net(X).square().mean().backward()
    {then}
    opt.step()
    {last}
"""


def opened(*statements: str) -> Session:
    session = Session()
    session.open("mlp", seed=0)
    for text in statements:
        run_statement(session, text)
    return session


def found(session: Session, *kinds: str) -> list[Finding]:
    return [each for each in read_findings(session).findings if each.kind in kinds]


@pytest.mark.parametrize("then", ["pass", "nn.utils.clip_grad_norm_(net.parameters(), 1.0)"])
def test_gradients_that_nothing_zeroes(then: str) -> None:
    session = opened(BEFORE, LOOP.format(first="pass", then=then, last="pass"))
    (finding,) = found(session, "gradients_add_up")
    assert finding.severity == "warning"
    assert "`optimizer.zero_grad()` before each backward" in finding.text
    assert (finding.where or "").endswith(":5")
    run_statement(session, LOOP.format(first="opt.zero_grad()", then="pass", last="pass"))
    assert not found(session, "gradients_add_up"), "it is mended"


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("opt.zero_grad()", "pass"),
        ("opt.zero_grad(set_to_none=False)", "pass"),
        ("pass", "opt.zero_grad()"),
        ("net.zero_grad()", "pass"),
        ("pass", "[p.grad.zero_() for p in net.parameters()]"),
        ("pass", "[p.grad.data.zero_() for p in net.parameters()]"),
        ("net(X).mean().backward()", "opt.zero_grad()"),
    ],
)
def test_gradients_that_are_zeroed_somehow_are_sound(first: str, last: str) -> None:
    assert not found(opened(BEFORE, LOOP.format(first=first, then="pass", last=last)), "gradients_add_up")


def test_a_loss_that_goes_back_through_a_network_with_an_optimizer_of_its_own_is_sound() -> None:
    session = opened(
        "judge = nn.Linear(10, 1)",
        "ours = torch.optim.Adam(net.parameters()); theirs = torch.optim.Adam(judge.parameters())",
        "for _ in range(3):\n"
        "    theirs.zero_grad(); judge(net(X).detach()).mean().backward(); theirs.step()\n"
        "    ours.zero_grad(); judge(net(X)).mean().backward(); ours.step()\n",
    )
    assert not found(session, "gradients_add_up")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("{'module.' + k: v for k, v in net.state_dict().items()}", "without `module.` in front they fit"),
        ("{'model': net.state_dict(), 'epoch': 3}", "the weights lie in its 'model'"),
    ],
)
def test_weights_of_which_no_key_fits(state: str, said: str) -> None:
    session = opened(f"net.load_state_dict({state}, strict=False)")
    (finding,) = found(session, "loaded_nothing")
    assert (finding.severity, finding.path) == ("warning", "")
    assert said in finding.text
    run_statement(session, "net.load_state_dict(net.state_dict())")
    assert not found(session, "loaded_nothing")


def test_a_part_of_the_weights_is_sound() -> None:
    session = opened("net.load_state_dict(dict(list(net.state_dict().items())[:1]), strict=False)")
    assert not found(session, "loaded_nothing")


def test_a_factory_that_trains_and_loads_is_looked_at_too(tmp_path: Path) -> None:
    file = tmp_path / "made.py"
    file.write_text(
        "import torch\nfrom torch import nn\n"
        "def made():\n"
        "    net = nn.Linear(4, 2)\n"
        "    net.load_state_dict({'fc.weight': torch.ones(2, 4)}, strict=False)\n"
        "    opt = torch.optim.SGD(net.parameters(), lr=0.01)\n"
        "    for _ in range(2):\n"
        "        net(torch.ones(3, 4)).mean().backward()\n"
        "        opt.step()\n"
        "    return net\n"
    )
    session = Session()
    session.open(f"{file}:made")
    assert {each.kind: each.where for each in found(session, "gradients_add_up", "loaded_nothing")} == {
        "gradients_add_up": "made.py:9",
        "loaded_nothing": "made.py:5",
    }


def test_steps_in_eval_mode_are_a_note() -> None:
    loop = LOOP.format(first="opt.zero_grad()", then="pass", last="pass")
    session = opened("net.drop = nn.Dropout(0.1)", BEFORE, "net.eval()", loop)
    (finding,) = found(session, "trained_in_eval")
    assert finding.severity == "note"
    run_statement(session, "net.train()")
    run_statement(session, loop)
    assert not found(session, "trained_in_eval")


@pytest.mark.parametrize("head", ["pass", "head.train()"])
def test_a_last_layer_that_is_trained_alone_in_eval_mode_is_sound(head: str) -> None:
    session = opened(
        "net.drop = nn.Dropout(0.1); net.eval(); head = net.out",
        "opt = torch.optim.SGD(head.parameters(), lr=0.01)",
        head,
        LOOP.format(first="opt.zero_grad()", then="pass", last="pass"),
    )
    assert not found(session, "trained_in_eval")


def test_everything_is_as_it_was_afterwards() -> None:
    before = torch.autograd.backward, nn.Module.load_state_dict
    opened(BEFORE, "net(X).mean().backward()", "1 / 0")
    assert (torch.autograd.backward, nn.Module.load_state_dict) == before


def test_a_loss_in_a_later_statement_is_looked_at() -> None:
    session = opened("y = net(X)", "p = F.softmax(y, 1)", "loss = nn.CrossEntropyLoss()(p, torch.zeros(2).long())")
    (finding,) = found(session, "loss_input")
    assert finding.text == (
        "cross_entropy reads what softmax gives at <console 2>:1, and takes the softmax itself: give it what softmax "
        "reads"
    )
    assert finding.where == "<console 3>:1"


def test_a_loss_of_a_later_statement_that_fails_or_is_no_number() -> None:
    session = opened("y = net(X)")
    problem = run_statement(session, "F.cross_entropy(y, torch.ones(2))").problem
    assert problem is not None
    assert "`.long()` of it fits" in problem.hint
    assert len(found(session, "failure")) == 1
    run_statement(session, "loss = torch.log(y - 100).mean()")
    assert not found(session, "failure")
    (finding,) = found(session, "nan")
    assert finding.text.startswith("first NaN is made by log of -")
    assert finding.where == "<console 3>:1"


def test_what_is_looked_at_behind_a_run_is_none_of_its_loss() -> None:
    session = opened("y = net(X)", "y.masked_fill(y < 99, -torch.inf).softmax(1)", "torch.log(y - 100)")
    assert not found(session, "nan", "inf")
    problem = run_statement(session, "y.backward()").problem
    assert problem is not None
    assert (
        problem.hint
        == "backward starts from one number, and this is [2, 10]: a loss, or `.mean()` or `.sum()` of it, is one"
    )


def test_why_a_run_failed_is_said_still_when_a_statement_reads_what_it_computed() -> None:
    session = opened(
        "seen = []",
        "net.hidden.register_forward_hook(lambda module, given, output: seen.append(output))",
        "net.out = nn.Linear(7, 2)",
        "y = net(X)",
        "seen[0].shape",
    )
    (finding,) = found(session, "failure")
    assert "`in_features=256` fits" in finding.text
