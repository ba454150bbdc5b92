"""Snapshots of an open network: copies of its own, bounded, and the way back to them."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from models.live.live_tree import LiveTree
from models.messages import StateChanged
from models.messages.errors import EngineProblem
from models.session.moments import list_moments
from models.session.session import Session
from models.session.snapshots import COUNT_LIMIT, SnapshotStore, restore
from models.session.statement import run_statement
from models.session.undoing import undo_last
from models.undo.record import ValueRecord


def opened(name: str = "rgnet") -> Session:
    session = Session()
    session.open(name)
    return session


def run(session: Session, text: str) -> None:
    assert run_statement(session, text).problem is None


def values(session: Session) -> dict[str, Tensor]:
    return {path: tensor.clone() for path, tensor in session.root.state_dict().items()}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[path], other[path]) for path in one)


def test_the_copies_are_those_of_the_moment() -> None:
    session = opened()
    before = values(session)
    taken = session.snapshots.take(session.live.tree)
    run(session, "net[1].bias.data.fill_(7)")
    assert taken.name == "1"
    assert same(taken.tensors, before)
    assert taken.size == sum(tensor.nbytes for tensor in before.values())


def test_going_back_gives_the_values_back_and_is_undone_itself() -> None:
    session = opened()
    before = values(session)
    session.snapshots.take(session.live.tree, "start")
    run(session, "for p in net.parameters(): p.data.add_(1)")
    changed = values(session)
    assert restore(session, "start").startswith("back at snapshot start: 0.block 0.0.weight, 0.block 0.0.bias, ")
    assert same(values(session), before)
    undo_last(session)
    assert same(values(session), changed)


def test_layers_flags_and_the_network_itself_come_back_in_the_same_objects() -> None:
    session = opened("mlp")
    root, out = session.root, session.root.get_submodule("out")
    before = values(session)
    session.snapshots.take(session.live.tree, "start")
    run(session, "net.out.bias.data.zero_(); net.out = nn.Linear(256, 3); net.hidden.half(); net.eval()")
    run(session, "net.requires_grad_(False); net.extra = nn.Linear(2, 2)")
    run(session, "net = nn.Linear(1, 1)")
    changed = session.root
    said = restore(session, "start")
    assert said.startswith("back at snapshot start: the network that `net` is")
    assert session.root is root
    assert root.get_submodule("out") is out
    assert same(values(session), before)
    assert all(module.training for module in root.modules())
    assert all(parameter.requires_grad for parameter in root.parameters())
    assert not hasattr(root, "extra")
    undo_last(session)
    assert session.root is changed


def test_going_back_that_is_interrupted_is_a_change_that_is_told_and_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[object] = []
    session = opened()
    session.emit = events.append
    session.snapshots.take(session.live.tree, "start")
    session.journal.took("start")
    run(session, "for p in net.parameters(): p.data.add_(1)")
    changed, back, written = values(session), ValueRecord.restore, []

    def interrupted(self: ValueRecord) -> None:
        if written:
            raise KeyboardInterrupt
        written.append(back(self))

    events.clear()
    with monkeypatch.context() as pressed:
        pressed.setattr(ValueRecord, "restore", interrupted)
        with pytest.raises(KeyboardInterrupt):
            restore(session, "start")
    assert not same(values(session), changed)
    assert any(isinstance(each, StateChanged) and each.changed for each in events)
    assert "# back to snapshot start, interrupted" in session.journal.script("net")
    assert "deepcopy(snapshots" not in session.journal.script("net")
    undo_last(session)
    assert same(values(session), changed)


def test_going_back_where_nothing_changed_is_no_change() -> None:
    session = opened("mlp")
    session.snapshots.take(session.live.tree, "start")
    assert restore(session, "start") == "back at snapshot start: nothing had changed"
    with pytest.raises(EngineProblem, match="nothing to undo"):
        undo_last(session)


def test_values_in_common_are_stored_once() -> None:
    net = nn.Sequential(nn.Linear(10, 10), nn.Linear(10, 10))
    snapshots = SnapshotStore()
    first = snapshots.take(LiveTree.of(net))
    net[0].bias.data.zero_()
    second = snapshots.take(LiveTree.of(net))
    assert snapshots.size == first.size + 40
    assert second.tensors["1.weight"] is first.tensors["1.weight"]
    assert second.tensors["0.bias"].count_nonzero() == 0
    assert first.tensors["0.bias"].count_nonzero() > 0


def test_names_of_one_tensor_share_a_copy() -> None:
    layer = nn.Linear(4, 4)
    taken = SnapshotStore().take(LiveTree.of(nn.Sequential(layer, layer)))
    assert taken.tensors["0.weight"] is taken.tensors["1.weight"]
    assert taken.size == (16 + 4) * 4


def test_one_that_does_not_fit_is_refused_and_leaves_the_others() -> None:
    tree = LiveTree.of(nn.Linear(10, 10))
    snapshots = SnapshotStore(limit=600)
    snapshots.take(tree, "a")
    other = LiveTree.of(nn.Linear(10, 10))
    with pytest.raises(
        EngineProblem, match=r"snapshot of 440 bytes: all may take 600 bytes; those that are kept take 440"
    ):
        snapshots.take(other, "b")
    assert [taken.name for taken in snapshots.all] == ["a"]
    snapshots.drop("a")
    assert snapshots.take(other, "b").size == 440


def test_names_are_unique_and_their_number_is_bounded() -> None:
    tree = LiveTree.of(nn.Linear(1, 1))
    snapshots = SnapshotStore()
    snapshots.take(tree, "2")
    assert [snapshots.take(tree).name for _ in range(3)] == ["1", "3", "4"]
    with pytest.raises(EngineProblem, match="There is a snapshot “3” already"):
        snapshots.take(tree, " 3 ")
    for _ in range(COUNT_LIMIT - 4):
        snapshots.take(tree)
    with pytest.raises(EngineProblem, match="50 snapshots are kept already"):
        snapshots.take(tree)


def test_what_cannot_be_copied_is_left_out() -> None:
    taken = SnapshotStore().take(LiveTree.of(nn.Sequential(nn.LazyLinear(3), nn.Linear(2, 2))))
    assert list(taken.tensors) == ["1.weight", "1.bias"]
    assert list(taken.records) == ["0.weight", "0.bias", "1.weight", "1.bias"]


def test_another_source_forgets_them() -> None:
    session = opened()
    session.snapshots.take(session.live.tree, "start")
    session.open("mlp")
    assert session.snapshots.all == []
    with pytest.raises(EngineProblem, match="no snapshot “start”"):
        restore(session, "start")


def test_snapshots_outlive_an_opening_anew(tmp_path: Path) -> None:
    file = tmp_path / "outliving.py"
    text = "from torch import nn\ndef make():\n"
    text += "    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, WIDTH))\n"
    file.write_text(text.replace("WIDTH", "4"))
    session = Session()
    session.open(f"{file}:make", inputs=["5x2"], seed=1)
    run(session, "net[0].bias.requires_grad_(False); net[1].eval(); net[1].running_mean.fill_(3)")
    before = values(session)
    session.snapshots.take(session.live.tree, "one")
    run(session, "net[0].bias.data.fill_(9)")
    session.snapshots.take(session.live.tree, "two")
    size = session.snapshots.size
    old = weakref.ref(session.root)
    file.write_text(text.replace("WIDTH", "6"))
    session.open(f"{file}:make", inputs=["5x2"], seed=2, anew=True)
    gc.collect()
    assert old() is None
    assert [each.name for each in session.snapshots.all] == ["one", "two"]
    assert session.snapshots.size == size
    assert [item.detail.endswith("before it was opened again") for item in list_moments(session)] == [False, True, True]
    opened_anew = values(session)
    said = restore(session, "one")
    assert "(but not 2.weight: it was float32[4, 3]; 2.bias: it was float32[4])" in said
    now = values(session)
    assert all(torch.equal(now[path], before[path]) for path in before if not path.startswith("2."))
    assert torch.equal(now["2.weight"], opened_anew["2.weight"])
    assert not session.root[0].bias.requires_grad  # type: ignore[index, union-attr]
    assert [module.training for module in session.root] == [True, False, True]  # type: ignore[attr-defined]
    undo_last(session)
    assert same(values(session), opened_anew)
    assert session.root[1].training  # type: ignore[index, union-attr]
    session.snapshots.take(session.live.tree, "three")
    session.open(f"{file}:make", inputs=["5x2"], seed=2, anew=True)
    assert restore(session, "three").startswith("back at snapshot three: nothing had changed")
    session.open("rgnet")
    assert session.snapshots.all == []
