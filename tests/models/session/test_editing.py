"""Changes by key as statements: run in the console they do what was asked for, and undo takes them back."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec
import pytest
import torch

from models import messages as m
from models.messages.errors import EngineProblem
from models.session.editing import plan_edit
from models.session.session import Session
from models.session.statement import run_statement
from models.session.undoing import undo_last


def opened(source: str = "rgnet") -> Session:
    session = Session()
    session.open(source)
    return session


def elements(session: Session, path: str, where: str, what: str) -> m.EditPlan:
    return plan_edit(session, m.PlanEdit(path=path, kind="elements", where=where, what=what))


def planned(session: Session, path: str, kind: Literal["freeze", "mode"]) -> m.EditPlan:
    return plan_edit(session, m.PlanEdit(path=path, kind=kind))


def do(session: Session, plan: m.EditPlan) -> m.Executed:
    assert plan.statement, plan
    done = run_statement(session, plan.statement, single=True, about=plan.about)
    assert done.problem is None, done.problem
    assert done.value is None
    return done


def test_an_element_is_set_and_comes_back() -> None:
    session = opened()
    before = session.root[0][1][0].weight.detach().clone()
    plan = elements(session, "0.block 1.0.weight", "3, 1", "0.5")
    assert plan.statement == "with torch.no_grad(): net[0][1][0].weight[3, 1] = 0.5"
    assert plan.note == "1 of 32 elements"
    assert do(session, plan).changed == ["0.block 1.0.weight"]
    weight = session.root[0][1][0].weight
    assert weight[3, 1] == 0.5
    assert int((weight != before).sum()) == 1
    assert undo_last(session).startswith("took back `with torch.no_grad(): net[0][1][0].weight[3, 1] = 0.5`")
    assert torch.equal(weight, before)


@pytest.mark.parametrize(
    ("where", "what", "change"),
    [
        ("3", "*= 2", lambda weight: weight[3].mul_(2)),
        (":, 1", "0", lambda weight: weight[:, 1].fill_(0)),
        ("2:5, 0:3", "+= 1", lambda weight: weight[2:5, 0:3].add_(1)),
        ("", "-0.25", lambda weight: weight.fill_(-0.25)),
        ("6, 2", "[[1, 2], [3, 4]]", lambda weight: weight[6:8, 2:4].copy_(torch.tensor([[1, 2], [3, 4]]))),
        ("0:2, 0:2", "[[1, 2], [3, 4]]", lambda weight: weight[0:2, 0:2].copy_(torch.tensor([[1, 2], [3, 4]]))),
    ],
)
def test_rows_columns_windows_and_blocks(where: str, what: str, change: object) -> None:
    session = opened()
    weight = session.root[0][1][0].weight
    expected = weight.detach().clone()
    change(expected)  # type: ignore[operator]
    do(session, elements(session, "0.block 1.0.weight", where, what))
    assert torch.equal(weight, expected)
    assert weight.requires_grad


def test_errors_stand_at_their_text_and_nothing_is_to_run() -> None:
    session = opened()
    plan = elements(session, "1.weight", "0, 9", "x")
    assert (plan.statement, plan.where_error) == ("", "9 is outside dimension 1: 0 to 3")
    assert "“x” is no number" in plan.what_error
    plan = elements(session, "1.weight", "0", "[1, 2]")
    assert plan.what_error == "numbers of shape [2] for elements of shape [4]"


def test_rounding_of_a_small_dtype_is_said() -> None:
    session = opened()
    run_statement(session, "net.half()")
    assert elements(session, "1.weight", "0, 0", "2049").note == "1 of 4 elements; float16 holds 2048"
    assert elements(session, "1.weight", "0, 0", "0.5").note == "1 of 4 elements"


NETS = """\
import torch
from torch import nn

def odd():
    net = nn.Module()
    net.register_buffer("scalar", torch.tensor(3))
    net.register_buffer("sparse", torch.eye(3).to_sparse())
    net.register_parameter("meta", nn.Parameter(torch.empty(2, device="meta")))
    net.layers = nn.ModuleList([nn.Linear(3, 3) for _ in range(6)])
    net.masks = [torch.zeros(2), torch.ones(2)]
    return net
"""


@pytest.fixture
def odd(tmp_path: Path) -> Session:
    file = tmp_path / "odd_nets.py"
    file.write_text(NETS)
    return opened(f"{file}:odd")


def test_scalars_and_what_is_in_lists(odd: Session) -> None:
    do(odd, elements(odd, "scalar", "", "+= 4"))
    assert odd.root.scalar == 7
    do(odd, elements(odd, "masks[1]", "0", "5"))
    assert odd.root.masks[1].tolist() == [5, 1]
    undo_last(odd)
    undo_last(odd)
    assert odd.root.scalar == 3
    assert odd.root.masks[1].tolist() == [1, 1]


def test_what_cannot_be_changed_is_refused_with_the_reason(odd: Session) -> None:
    with pytest.raises(EngineProblem, match="cannot be set one by one"):
        elements(odd, "sparse", "0, 0", "1")
    with pytest.raises(EngineProblem, match="There is nothing to change") as raised:
        elements(odd, "meta", "0", "1")
    assert "a meta tensor" in raised.value.problem.text
    with pytest.raises(EngineProblem, match="no elements of its own"):
        elements(odd, "layers", "0", "1")
    with pytest.raises(EngineProblem, match="int64 has no gradient"):
        planned(odd, "scalar", "freeze")


def test_freezing_a_subtree_a_tensor_and_what_is_one_row(odd: Session) -> None:
    plan = planned(odd, "layers.2", "freeze")
    assert (plan.statement, plan.note) == ("_ = net.layers[2].requires_grad_(False)", "freezes 2 tensors")
    do(odd, plan)
    assert not any(parameter.requires_grad for parameter in odd.root.layers[2].parameters())
    assert odd.root.layers[1].weight.requires_grad
    assert planned(odd, "layers.2", "freeze").note == "unfreezes 2 tensors"
    plan = planned(odd, "layers.1.bias", "freeze")
    assert plan.statement == "_ = net.layers[1].bias.requires_grad_(False)"
    undo_last(odd)
    assert odd.root.layers[2].weight.requires_grad


def test_siblings_that_are_one_row_are_frozen_together(odd: Session) -> None:
    odd.model.fold_state.fold("", "open")
    odd.model.fold_state.fold("layers", "open")
    group = next(row.path for row in odd.model.rows(0, 100) if row.kind == "group")
    plan = planned(odd, group, "freeze")
    assert (plan.statement, plan.note) == ("_ = net.layers[0:6].requires_grad_(False)", "freezes 12 tensors")
    do(odd, plan)
    assert not any(parameter.requires_grad for parameter in odd.root.layers.parameters())
    do(odd, planned(odd, group, "mode"))
    assert [layer.training for layer in odd.root.layers] == [False] * 6


def test_train_and_eval_of_a_module_and_of_the_one_that_holds_a_tensor() -> None:
    session = opened()
    do(session, planned(session, "0.block 2", "mode"))
    block = session.root[0][2]
    assert not any(module.training for module in block.modules())
    assert session.root[0][1].training
    assert planned(session, "0.block 2.0.weight", "mode").statement == "_ = net[0][2][0].train()"
    undo_last(session)
    assert all(module.training for module in session.root.modules())


def test_a_tensor_too_large_for_the_copies_is_copied_when_it_is_edited() -> None:
    session = opened("mlp")
    session.watch()._limit = 25_000  # bytes: hidden.weight has 20,480, the rest 11,304
    session.watch().rebase(session.live.tree)
    weight = session.root.get_parameter("hidden.weight")
    before = weight.detach().clone()
    run_statement(session, "net.hidden.weight.data.zero_()")
    with pytest.raises(EngineProblem, match="no room to keep a copy"):
        undo_last(session)
    weight.data.copy_(before)
    run_statement(session, "pass")
    do(session, elements(session, "hidden.weight", "", "0"))
    undo_last(session)
    assert torch.equal(weight, before)
    undo_last(session, again=True)
    assert not weight.count_nonzero()


def test_a_checkpoint_has_nothing_to_change(tmp_path: Path) -> None:
    from models.engine.handlers.editing import plan_edit as handler
    from tests.models.session.observed import NeverCancelled

    file = tmp_path / "weights.pt"
    torch.save({"weight": torch.ones(2)}, file)
    session = opened(str(file))
    with pytest.raises(EngineProblem, match="A checkpoint holds tensors, not code"):
        handler(session, m.PlanEdit(path="weight", kind="elements", where="0", what="1"), NeverCancelled())


def test_elements_of_a_gradient_are_changed_and_come_back() -> None:
    session = opened("mlp")
    wanted = m.PlanEdit(path="hidden.weight", kind="elements", of="gradient", where="0, 1", what="0.5")
    with pytest.raises(EngineProblem) as refused:
        plan_edit(session, wanted)
    assert refused.value.problem.title == "There is no gradient to change"
    assert "f and then b make one" in refused.value.problem.text
    weight = session.root.get_parameter("hidden.weight")
    run_statement(session, "net(X).sum().backward()")
    assert weight.grad is not None
    before, values, object_before = weight.grad.clone(), weight.detach().clone(), weight.grad
    plan = plan_edit(session, wanted)
    assert plan.statement == "with torch.no_grad(): net.hidden.weight.grad[0, 1] = 0.5"
    assert plan.note.startswith("1 of ")
    do(session, plan)
    assert weight.grad[0, 1] == 0.5
    for what, expected in (("*= 2", before * 2), ("0", before * 0), ("= nan", before * float("nan"))):
        undo_last(session)
        assert torch.equal(weight.grad, before)
        do(session, plan_edit(session, msgspec.structs.replace(wanted, where="...", what=what)))
        assert torch.equal(weight.grad, expected) or (weight.grad.isnan().all() and expected.isnan().all())
    assert undo_last(session).endswith(": gradients of hidden.weight")
    assert weight.grad is object_before
    assert torch.equal(weight, values)
    with pytest.raises(EngineProblem) as refused:
        plan_edit(session, msgspec.structs.replace(wanted, path="hidden"))
    assert refused.value.problem.title == "A module has no elements of its own"
