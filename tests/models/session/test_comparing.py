"""What is open compared with another source, and with snapshots of itself.

Of `comparing`, `moments`, `rename_proposal` and the handlers.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from models import messages as m
from models.engine.handlers.comparing import list_snapshots, take_snapshot
from models.engine.handlers.tree import locate, sort_tree, tree_rows
from models.engine.handlers.values import window
from models.messages.errors import EngineProblem
from models.session import moments
from models.session.comparing import compare, end_comparison, read_differences
from models.session.session import Session
from models.session.statement import run_statement
from models.session.undoing import undo_last
from models.undo.changes import Watch
from models.work.cancelled import Cancelled
from tests.models.session.observed import NeverCancelled

BIAS = "0.block 1.0.bias"
DOUBLED = "net[0][1][0].bias.data.mul_(2)"


@pytest.fixture
def session() -> Session:
    found = Session()
    found.open("rgnet", seed=0)
    return found


def saved(session: Session, path: Path) -> str:
    torch.save(session.root.state_dict(), path)
    return str(path)


def read(session: Session) -> str:
    return read_differences(session, NeverCancelled()).text


def differing(session: Session) -> dict[str, m.RowDifference]:
    comparison = session.comparison
    assert comparison is not None
    rows = comparison.model.tensors(m.TensorRows(path="", start=0, count=500, query="different"), NeverCancelled()).rows
    return {row.path: row.difference for row in rows if row.difference is not None}


def test_with_a_checkpoint_of_it_and_after_a_change(session: Session, tmp_path: Path) -> None:
    before = saved(session, tmp_path / "before.pt")
    run_statement(session, DOUBLED)
    compared = compare(session, m.Compare(source=before, unfold_to=60))
    assert (compared.a, compared.b, compared.tensors, compared.both) == ("rgnet", before, 18, 18)
    assert compared.bytes == 2 * 309 * 4
    assert read(session) == "18 tensors: 1 changed"
    found = differing(session)
    bias = session.root.state_dict()[BIAS]
    assert list(found) == [BIAS]
    assert found[BIAS].max_abs == pytest.approx(float((bias / 2).abs().max()))
    assert found[BIAS].relative_l2 == pytest.approx(0.5)
    rows = tree_rows(session, m.TreeRows(start=0, count=100), NeverCancelled()).rows
    assert [row.path for row in rows if row.kind != "module" and row.difference and row.difference.differing] == []
    assert rows[0].difference is not None
    assert rows[0].difference.differing == 1
    cells = window(session, m.Window(path=BIAS, of="difference"), NeverCancelled())
    assert cells.values == pytest.approx((-bias / 2).tolist())


def test_with_itself_as_it_was_opened(session: Session) -> None:
    first = session.root.state_dict()[BIAS].clone()
    run_statement(session, DOUBLED)
    run_statement(session, DOUBLED)
    compared = compare(session, m.Compare(snapshot=""))
    assert (compared.a, compared.b) == ("rgnet as it was opened", "rgnet now")
    assert read(session) == "18 tensors: 1 changed"
    assert window(session, m.Window(path=BIAS), NeverCancelled()).values == first.tolist()
    assert window(session, m.Window(path=BIAS, of="other"), NeverCancelled()).values == (4 * first).tolist()
    assert differing(session)[BIAS].relative_l2 == pytest.approx(3)
    undo_last(session)
    undo_last(session)
    compare(session, m.Compare())
    assert read(session) == "18 tensors, all equal"


def test_as_it_was_opened_before_anything_ran(session: Session) -> None:
    assert [item.name for item in list_snapshots(session, m.ListSnapshots(), NeverCancelled()).items] == [""]
    compare(session, m.Compare(snapshot=""))
    assert read(session) == "18 tensors, all equal"
    run_statement(session, DOUBLED)
    compare(session, m.Compare())
    assert read(session) == "18 tensors: 1 changed"


def test_with_a_snapshot_that_was_taken_between(session: Session) -> None:
    run_statement(session, DOUBLED)
    taken = take_snapshot(session, m.TakeSnapshot(), NeverCancelled())
    assert taken.text.startswith("snapshot 1, ")
    run_statement(session, "net[1].weight.data.zero_()")
    compared = compare(session, m.Compare(snapshot="1"))
    assert compared.a == "rgnet at snapshot 1"
    read(session)
    assert list(differing(session)) == ["1.weight"]
    compare(session, m.Compare(snapshot=""))
    read(session)
    assert list(differing(session)) == [BIAS, "1.weight"]
    names = [item.name for item in list_snapshots(session, m.ListSnapshots(), NeverCancelled()).items]
    assert names == ["", "1"]


def test_a_tensor_too_large_to_be_kept_is_said_to_be() -> None:
    session = Session()
    session.open("sequential", seed=0)
    session.watch()
    session.opened_values = Watch(session.live.tree, limit=12_000).copies()
    first = list_snapshots(session, m.ListSnapshots(), NeverCancelled()).items[0]
    assert first.detail == "before anything ran; 1 tensor not kept", "256 x 20 float32 are 20,480 bytes"
    compare(session, m.Compare(snapshot=""))
    assert read(session) == "4 tensors: 1 not readable"
    assert moments.NO_COPY in [fact.text for fact in session.shown.describe("0.weight")[0].facts]


def test_a_tensor_that_came_since_and_one_that_changed_its_shape(session: Session) -> None:
    take_snapshot(session, m.TakeSnapshot(), NeverCancelled())
    run_statement(session, "net[1] = nn.Linear(4, 2)\nnet.new = nn.Parameter(torch.zeros(3))")
    compared = compare(session, m.Compare(snapshot="1"))
    assert (compared.tensors, compared.both) == (19, 18)
    read(session)
    assert {path: found.status for path, found in differing(session).items()} == {
        "new": "only_b", "1.weight": "shape", "1.bias": "shape",
    }  # fmt: skip


def test_another_network_is_opened_without_drawing_from_the_generators(session: Session) -> None:
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    compared = compare(session, m.Compare(source="rgnet", seed=5))
    assert torch.equal(torch.rand(3), expected)
    assert compared.both == 18
    read(session)
    assert set(differing(session)) == set(session.root.state_dict())


def test_looking_at_it_changes_nothing(session: Session, tmp_path: Path) -> None:
    before = saved(session, tmp_path / "before.pt")
    state = {path: tensor.clone() for path, tensor in session.root.state_dict().items()}
    compare(session, m.Compare(source=before))
    read(session)
    end_comparison(session)
    assert all(torch.equal(tensor, state[path]) for path, tensor in session.root.state_dict().items())
    assert session.shown is session.model
    assert tree_rows(session, m.TreeRows(start=0, count=1), NeverCancelled()).rows[0].difference is None


def test_names_that_a_wrapper_changed_are_brought_together(session: Session, tmp_path: Path) -> None:
    state = {f"module.{path}": tensor for path, tensor in session.root.state_dict().items()}
    torch.save(state, tmp_path / "wrapped.pt")
    compared = compare(session, m.Compare(source=str(tmp_path / "wrapped.pt")))
    assert (compared.tensors, compared.both) == (36, 0)
    assert compared.hint.startswith("18 more names of B are in both with module.=")
    compared = compare(session, m.Compare(renamed=True))
    assert (compared.tensors, compared.both, compared.hint) == (18, 18, "")
    assert read(session) == "18 tensors, all equal"
    assert session.shown.tree.find(BIAS) is not None, "under the names of A"
    run_statement(session, DOUBLED)
    assert compare(session, m.Compare()).both == 18, "the renames stay"


def test_two_checkpoints_with_an_epoch(tmp_path: Path) -> None:
    net = nn.Linear(3, 2)
    torch.save({"model": net.state_dict(), "epoch": 1}, tmp_path / "1.pt")
    net.weight.data += 1
    torch.save({"model": net.state_dict(), "epoch": 2}, tmp_path / "2.pt")
    session = Session()
    session.open(str(tmp_path / "1.pt"))
    compared = compare(session, m.Compare(source=str(tmp_path / "2.pt"), unfold_to=20))
    assert compared.items == 1
    assert read(session) == "2 tensors: 1 changed"
    texts = {row.path: row.difference.text for row in session.shown.page(0, 20)[0] if row.difference is not None}
    assert texts["epoch"] == "1 → 2"
    assert list_snapshots(session, m.ListSnapshots(), NeverCancelled()).items == [], "a file does not change"
    with pytest.raises(EngineProblem):
        compare(session, m.Compare(snapshot=""))


def test_what_cannot_be_opened_leaves_the_comparison_that_was_there(session: Session, tmp_path: Path) -> None:
    before = saved(session, tmp_path / "before.pt")
    compare(session, m.Compare(source=before))
    with pytest.raises(EngineProblem):
        compare(session, m.Compare(source=str(tmp_path / "nowhere.pt")))
    with pytest.raises(EngineProblem, match="There is no snapshot"):
        compare(session, m.Compare(snapshot="9"))
    assert read(session) == "18 tensors, all equal"


def test_nothing_is_compared_at_first_and_not_any_more_behind_the_end(session: Session) -> None:
    with pytest.raises(EngineProblem, match="Nothing is compared"):
        compare(session, m.Compare())
    with pytest.raises(EngineProblem, match="Nothing is compared"):
        read(session)
    with pytest.raises(EngineProblem, match="Nothing is compared"):
        window(session, m.Window(path=BIAS, of="difference"), NeverCancelled())
    compare(session, m.Compare(snapshot=""))
    end_comparison(session)
    with pytest.raises(EngineProblem, match="Nothing is compared"):
        window(session, m.Window(path=BIAS, of="other"), NeverCancelled())


def test_reading_ends_when_something_else_is_compared(session: Session) -> None:
    compare(session, m.Compare(source="rgnet"))

    class Meanwhile(NeverCancelled):
        def progress(self, text: str, done: float | None = None) -> None:
            compare(session, m.Compare(snapshot=""))

    with pytest.raises(Cancelled):
        read_differences(session, Meanwhile())
    assert read(session) == "18 tensors, all equal"


def test_siblings_are_sorted_by_how_much_they_differ(session: Session) -> None:
    run_statement(session, DOUBLED)
    run_statement(session, "net[1].weight.data.mul_(1.1)")
    compare(session, m.Compare(snapshot="", unfold_to=60))
    read(session)
    sort_tree(session, m.SortTree(order="relative", path=""), NeverCancelled())
    rows = tree_rows(session, m.TreeRows(start=0, count=60), NeverCancelled()).rows
    top = [row.path for row in rows if row.depth == 1]
    found = {row.path: row.difference.relative_l2 or 0 for row in rows if row.difference is not None}
    assert found[top[0]] > found[top[1]]
    blocks = [row.path for row in rows if row.depth == 2 and row.path.startswith("0.")]
    assert blocks[0] == "0.block 1"
    assert rows[locate(session, m.Locate(path=BIAS), NeverCancelled()).row].path == BIAS


def test_opening_another_source_ends_it(session: Session) -> None:
    compare(session, m.Compare(source="rgnet"))
    run_statement(session, DOUBLED)
    session.open("sequential")
    assert session.comparison is None
    assert session.opened_values is None


def test_a_lazy_network_is_compared_with_a_snapshot_of_it() -> None:
    session = Session()
    session.open("torch.nn:Identity")
    run_statement(session, "net.lazy = nn.LazyLinear(3)")
    take_snapshot(session, m.TakeSnapshot(), NeverCancelled())
    compare(session, m.Compare(snapshot="1"))
    assert read(session) == "2 tensors: 2 not readable", "neither has a shape yet, on either side"
