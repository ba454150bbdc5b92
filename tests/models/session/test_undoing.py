"""Undoing and doing again in an open model: what statements and keys did beside values, and what is said of it."""

from __future__ import annotations

import pytest
import torch

from models import messages as m
from models.messages.errors import EngineProblem
from models.session.passes import forward_pass
from models.session.session import Session
from models.session.statement import run_statement
from models.session.undoing import undo_last
from models.undo.record import ValueRecord


def opened(name: str = "mlp") -> tuple[Session, list[object]]:
    events: list[object] = []
    session = Session(events.append)
    session.open(name)
    return session, events


def run(session: Session, text: str) -> m.Executed:
    done = run_statement(session, text)
    assert done.problem is None, done.problem
    return done


def test_flags_are_said_and_come_back() -> None:
    session, events = opened()
    done = run(session, "net.eval(); net.out.weight.requires_grad_(False)")
    assert done.changed == []
    assert done.effects == "training of the network itself and all below and requires_grad of out.weight"
    assert undo_last(session) == f"took back `net.eval(); net.out.weight.requires_grad_(False)`: {done.effects}"
    assert session.root.training
    assert session.root.get_parameter("out.weight").requires_grad
    event = events[-1]
    assert isinstance(event, m.StateChanged)
    assert event.summary.mode == "train"
    assert undo_last(session, again=True).startswith("did again `net.eval(); net.out")
    assert not session.root.training


@pytest.mark.parametrize("again", [False, True])
def test_what_an_interrupted_undo_brought_back_is_shown(again: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    session, events = opened()
    values = {name: each.detach() + again for name, each in session.root.named_parameters()}
    run(session, "for parameter in net.parameters(): parameter.data += 1")
    if again:
        undo_last(session)
    events.clear()
    restore = ValueRecord.restore
    restored = []

    def interrupted(record: ValueRecord) -> None:
        if restored:
            raise KeyboardInterrupt
        restored.append(restore(record))

    with monkeypatch.context() as pressed:
        pressed.setattr(ValueRecord, "restore", interrupted)
        with pytest.raises(KeyboardInterrupt):
            undo_last(session, again=again)
    event = events[-1]
    assert isinstance(event, m.StateChanged)
    assert sorted(event.changed) == ["hidden.bias", "hidden.weight", "out.bias", "out.weight"]
    undo_last(session, again=again)
    assert all(torch.equal(each, values[name]) for name, each in session.root.named_parameters())


def test_another_network_under_the_name_goes_and_comes() -> None:
    session, events = opened()
    first = session.root
    run(session, "net.out.bias.data.fill_(3)")
    done = run(session, "net = nn.Linear(2, 1)")
    assert done.effects == "the network that `net` is"
    assert undo_last(session) == "took back `net = nn.Linear(2, 1)`: the network that `net` is and random numbers"
    assert session.root is first
    assert session.namespace["net"] is first
    event = events[-1]
    assert isinstance(event, m.StateChanged)
    assert event.structure
    assert event.summary.class_name == "MLP"
    assert undo_last(session).endswith(": out.bias")
    undo_last(session, again=True)
    undo_last(session, again=True)
    assert session.root.weight.shape == (1, 2)


def test_layers_added_and_removed_come_and_go() -> None:
    session, _ = opened()
    paths = [node.path for node in session.live.tree.nodes]
    assert run(session, "net.extra = nn.Linear(2, 2); del net.hidden").effects == "hidden, extra"
    undo_last(session)
    assert [node.path for node in session.live.tree.nodes] == paths
    assert forward_pass(session).problem is None


def test_redo_in_the_console_and_only_while_nothing_else_changed() -> None:
    session, _ = opened()
    run(session, "net.out.bias.data.fill_(3)")
    run(session, "undo()")
    run(session, "redo()")
    assert bool((session.root.get_parameter("out.bias") == 3).all())
    run(session, "undo()")
    run(session, "net.hidden.bias.data.zero_()")
    with pytest.raises(EngineProblem, match="nothing to do again: nothing was taken back last"):
        undo_last(session, again=True)
    assert "nothing to do again" in str(run_statement(session, "redo()").problem)


def test_what_only_looks_is_no_change_and_keeps_what_can_be_done_again() -> None:
    session, _ = opened()
    run(session, "net.out.bias.data.fill_(3)")
    undo_last(session)
    forward_pass(session)
    run(session, "net(X)")
    assert undo_last(session, again=True) == "did again `net.out.bias.data.fill_(3)`: out.bias"


def test_why_a_change_stays_is_said_at_once() -> None:
    session, _ = opened()
    session.watch()._timeline._limit = 20
    done = run(session, "net.hidden = nn.Linear(20, 256)")
    assert done.lasting == "undoing it would take 0.0 MB, of at most 0.0"
    with pytest.raises(EngineProblem, match="cannot take back"):
        undo_last(session)


def test_the_inputs_are_no_part_of_the_network() -> None:
    session, _ = opened()
    assert run(session, "X = torch.zeros(3, 20)").effects == ""
    assert isinstance(session.namespace["X"], torch.Tensor)


@pytest.mark.parametrize(
    ("statement", "is_wrapped"),
    [("undo()", False), ("undo(); redo()", True), ("undo(); redo(); undo()", False)],
)
def test_a_network_that_undo_in_a_statement_binds_is_no_change_of_that_statement(
    statement: str, is_wrapped: bool
) -> None:
    session, _ = opened()
    first = session.root
    run(session, "net = nn.Sequential(net)")
    wrapped = session.root
    run(session, statement)
    assert session.root is session.namespace["net"] is (wrapped if is_wrapped else first)
    if is_wrapped:
        assert undo_last(session) == "took back `net = nn.Sequential(net)`: the network that `net` is"
    with pytest.raises(EngineProblem, match="nothing to undo"):
        undo_last(session)
    assert session.root is session.namespace["net"] is first


def test_layers_that_are_deleted_come_back_and_go_again_as_often_as_asked() -> None:
    session, _ = opened("rgnet")
    whole = [path for path, _ in session.root.named_modules()]
    run(session, "del net[0][1]")
    fewer = [path for path, _ in session.root.named_modules()]
    run(session, "net[0].append(nn.Tanh())")
    more = [path for path, _ in session.root.named_modules()]
    assert len(fewer) < len(more) < len(whole)
    for _ in range(2):
        for again, wanted in ((False, fewer), (False, whole), (True, fewer), (True, more)):
            text = undo_last(session, again=again)
            assert "nothing was left" not in text
            assert [path for path, _ in session.root.named_modules()] == wanted
