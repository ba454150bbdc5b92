"""The state of optimizers: that what comes after an undo is what came before it."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from models.live.live_tree import LiveTree
from models.session.session import Session
from models.session.statement import run_statement
from models.session.undoing import undo_last
from models.undo.changes import Watch
from models.undo.optimizers import OptimizerRecord, optimizers_in
from tests.models.tensors.test_distributed import Sharded

STEP = "net.zero_grad(); net(X).square().mean().backward(); opt.step()"


def opened(optimizer: str) -> Session:
    session = Session()
    session.open("mlp", seed=0)
    run(session, f"opt = torch.optim.{optimizer}")
    return session


def run(session: Session, text: str) -> str:
    done = run_statement(session, text)
    assert done.problem is None, done.problem
    return done.effects


def values(session: Session) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in session.root.parameters()]


def same(one: list[Tensor], other: list[Tensor]) -> bool:
    return all(torch.equal(mine, theirs) for mine, theirs in zip(one, other, strict=True))


@pytest.mark.parametrize(
    "optimizer",
    [
        *("SGD(net.parameters(), lr=0.1, momentum=0.9)", "Adam(net.parameters())", "Adagrad(net.parameters())"),
        *("SGD(net.parameters(), lr=0.1, momentum=0.9, fused=True)", "Adam(net.parameters(), fused=True)"),
    ],
)
def test_the_same_step_after_an_undo_gives_the_same_values(optimizer: str) -> None:
    session = opened(optimizer)
    states, optimizer_states = [values(session)], []
    for _ in range(3):
        assert run(session, STEP) == "the state of opt"
        states.append(values(session))
        optimizer_states.append(copy.deepcopy(session.namespace["opt"].state_dict()))
    undo_last(session)
    undo_last(session)
    assert same(values(session), states[1])
    assert repr(session.namespace["opt"].state_dict()) == repr(optimizer_states[0])
    undo_last(session, again=True)
    assert same(values(session), states[2])
    run(session, STEP)
    assert same(values(session), states[3])
    assert repr(session.namespace["opt"].state_dict()) == repr(optimizer_states[2])


def test_the_first_step_leaves_no_state_behind() -> None:
    session = opened("Adam(net.parameters())")
    run(session, STEP)
    undo_last(session)
    assert not session.namespace["opt"].state


def test_learning_rates_and_groups_come_back() -> None:
    session = opened("SGD(net.hidden.parameters(), lr=0.1)")
    opt = session.namespace["opt"]
    assert run(session, "opt.param_groups[0]['lr'] = 0.01") == "the state of opt"
    run(session, "opt.add_param_group({'params': list(net.out.parameters())})")
    assert undo_last(session).endswith("the state of opt")
    assert len(opt.param_groups) == 1
    assert opt.param_groups[0]["lr"] == 0.01
    undo_last(session)
    assert opt.param_groups[0]["lr"] == 0.1


def test_undo_within_a_statement_leaves_nothing_more_to_undo() -> None:
    session = opened("Adam(net.parameters())")
    before = values(session)
    run(session, f"{STEP}; undo()")
    assert same(values(session), before)
    assert not session.namespace["opt"].state
    assert not session.watch().last.optimizers


def test_looking_at_an_optimizer_is_no_change() -> None:
    session = opened("Adam(net.parameters())")
    run(session, STEP)
    assert run(session, "opt.state_dict(); net(X)") == ""


def test_without_room_for_a_copy_it_is_said() -> None:
    net = nn.Linear(100, 100)
    opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    net(torch.ones(1, 100)).sum().backward()
    opt.step()
    watch = Watch(LiveTree.of(net), limit=1000)
    watch.begin("opt.step()")
    watch.record_optimizers({"opt": opt})
    opt.step()
    watch.end()
    assert "(but not weight: there was no room to keep a copy of it; opt: there was no room" in watch.undo().text


def test_copies_of_what_did_not_change_are_taken_over() -> None:
    net = nn.Linear(4, 4)
    opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    net(torch.ones(1, 4)).sum().backward()
    opt.step()
    first = OptimizerRecord(opt, None, 10_000)
    second = OptimizerRecord(opt, first, 10_000)
    assert first.size == second.size == 80
    assert all(second._kept[key].copy is kept.copy for key, kept in first._kept.items())


def test_a_sharded_state_is_neither_copied_nor_asked() -> None:
    Sharded.asked = []
    parameter = nn.Parameter(torch.ones(1))
    opt = torch.optim.SGD([parameter], lr=0.1)
    opt.state[parameter]["momentum_buffer"] = Sharded(torch.ones(3, 4), 5)
    record = OptimizerRecord(opt, None, 10_000)
    assert not record.changed()
    assert record.size == 0
    opt.param_groups[0]["lr"] = 1.0
    record.restore()
    assert opt.param_groups[0]["lr"] == 0.1
    assert Sharded.asked == []


def test_optimizers_are_found_among_names_once() -> None:
    opt = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1)
    assert optimizers_in({"opt": opt, "same": opt, "_": opt, "x": 3, "kind": torch.optim.SGD}) == {"opt": opt}
