"""A backward of a statement is watched as that of the key is. Of `meanwhile`, `statement`."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
import torch

from models.findings.evidence import Evidence
from models.findings.registry import findings_of
from models.messages import CallsGrew, Finding
from models.session.passes import backward_pass, forward_pass
from models.session.session import Session
from models.session.statement import run_statement


def opened() -> tuple[Session, list[object]]:
    events: list[object] = []
    session = Session(events.append)
    session.open("mlp", seed=0)
    return session, events


def backwards(session: Session) -> list[tuple[str, str, float | None]]:
    """Return of each call its module, operation, and the norm that came to it on the way back."""
    trace = session.runs.newest
    assert trace is not None
    return [(call.module, call.op, None if call.backward is None else call.backward.norm) for call in trace.calls]


@pytest.mark.parametrize(
    "statements",
    [
        ["net(X).sum().backward()"],
        ["loss = net(X).sum(); loss.backward()"],
        ["loss = net(X).sum()", "loss.backward()"],
        ["y = net(X)", "torch.autograd.backward(y, torch.ones_like(y))"],
    ],
)
def test_calls_have_the_gradients_that_the_key_gives_them(statements: list[str]) -> None:
    by_key, _ = opened()
    forward_pass(by_key)
    assert backward_pass(by_key).problem is None
    session, events = opened()
    own = torch.autograd.backward
    for text in statements:
        done = run_statement(session, text)
        assert done.problem is None, done.problem
    assert torch.autograd.backward is own
    of_key = dict(zip([call[:2] for call in backwards(by_key)], [call[2] for call in backwards(by_key)], strict=True))
    found = {call[:2]: call[2] for call in backwards(session)}
    assert any(norm is not None for norm in of_key.values())
    for call, norm in of_key.items():
        assert found[call] == pytest.approx(norm), call
    assert session.runs.newest is not None
    assert session.runs.newest.gradients is not None
    assert isinstance([event for event in events if isinstance(event, CallsGrew)][-1], CallsGrew)
    for mine, theirs in zip(session.root.parameters(), by_key.root.parameters(), strict=True):
        assert mine.grad is not None
        assert theirs.grad is not None
        assert torch.allclose(mine.grad, theirs.grad)


def test_what_a_backward_that_failed_held_goes_with_the_statement() -> None:
    session, _ = opened()
    run_statement(
        session,
        "def go():\n"
        "    global held\n"
        "    large = torch.ones(9)\n"
        "    held = weakref.ref(large)\n"
        "    loss = net(X).sum()\n"
        "    loss.backward()\n"
        "    loss.backward()\n",
    )
    run_statement(session, "import weakref; net(X)")
    gc.collect()
    gc.disable()
    try:
        problem = run_statement(session, "go().backward()").problem
        assert problem is not None
        assert "retain_graph=True" in problem.hint
        assert session.namespace["held"]() is None
    finally:
        gc.enable()


def test_a_graph_of_something_else_leaves_the_run_as_it_was() -> None:
    session, _ = opened()
    forward_pass(session)
    backward_pass(session)
    before = backwards(session)
    run_statement(session, "w = torch.ones(2, requires_grad=True)")
    run_statement(session, "w.sum().backward()")
    assert backwards(session) == before


def test_loops_are_not_watched_and_errors_are_torch_s_own() -> None:
    session, _ = opened()
    run_statement(session, "loss = net(X).sum()")
    run_statement(session, "for _ in range(1): loss.backward()")
    assert all(norm is None for _, _, norm in backwards(session))
    problem = run_statement(session, "loss.backward()").problem
    assert problem is not None
    assert "second time" in problem.title
    own = torch.autograd.backward
    problem = run_statement(session, "torch.ones(1).backward()").problem
    assert problem is not None
    assert "does not require grad" in problem.title
    assert torch.autograd.backward is own


def test_what_cannot_be_noted_is_no_error_of_the_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise ValueError("of ours")

    monkeypatch.setattr("models.run.gradients.meanwhile.explained", fails)
    session = Session()
    session.open("mlp", seed=0)
    done = run_statement(session, "net(X).sum().backward()", single=True)
    assert done.problem is None
    assert all(parameter.grad is not None for parameter in session.root.parameters())


STATEFUL = """
import torch
class Remembers(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.cell, self.state = torch.nn.GRUCell(3, 4), None
    def forward(self, x):
        self.state = self.cell(x, self.state)
        return self.state
"""


def failed(session: Session, text: str) -> tuple[str, list[Finding]]:
    """Return the hint of a statement that fails, and the errors that are found afterwards."""
    problem = run_statement(session, text).problem
    assert problem is not None
    found = findings_of(Evidence(session.present_tree(), session.runs.newest))
    return problem.hint, [each for each in found if each.severity == "error"]


def test_a_state_that_keeps_its_graph_is_named(tmp_path: Path) -> None:
    (tmp_path / "stateful.py").write_text(STATEFUL)
    session = Session()
    session.open(f"{tmp_path}/stateful.py:Remembers", seed=0)
    assert run_statement(session, "net(torch.ones(2, 3)).sum().backward()").problem is None
    hint, (error,) = failed(session, "net(torch.ones(2, 3)).sum().backward()")
    assert "cell (GRUCell) at stateful.py:8 reads a tensor that an earlier forward computed" in hint
    assert (error.kind, error.where) == ("inplace_conflict", "stateful.py:8")


@pytest.mark.parametrize("before", [[], ["y = net(X)"]])
def test_a_write_behind_the_forward_is_named_with_what_needs_it(before: list[str]) -> None:
    session, _ = opened()
    for text in ["weight = next(net.parameters())", *before]:
        run_statement(session, text)
    with_write = "torch.nn.init.zeros_(list(net.parameters())[-2]); y.sum().backward()"
    hint, errors = failed(session, with_write if before else f"y = net(X); {with_write}")
    path = list(dict(session.root.named_parameters()))[-2]
    assert f"needs {path} for backward, which was changed after the forward" in hint
    (error,) = errors
    assert error.kind == "inplace_conflict"
    assert hint in error.text


def test_a_graph_that_was_used_up_and_one_that_ends_are_told_apart() -> None:
    session, _ = opened()
    run_statement(session, "y = net(X).sum(); y.backward()")
    hint, _ = failed(session, "y.backward()")
    assert "retain_graph=True" in hint
    hint, (error,) = failed(session, "(net(X).argmax(1) == 0).float().mean().backward()")
    assert "its graph ends between there and this" in hint
    assert hint in error.text
    hint, _ = failed(session, "with torch.no_grad():\n    y = net(X)\ny.sum().backward()")
    assert hint


def test_an_error_behind_a_backward_that_was_caught_has_no_hint_of_it() -> None:
    session, _ = opened()
    run_statement(session, "y = net(X).sum(); y.backward()")
    text = "try:\n    y.backward()\nexcept RuntimeError:\n    raise KeyError('other')"
    problem = run_statement(session, text).problem
    assert problem is not None
    assert not problem.hint
