"""Equal values in files, with torch.equal as oracle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from models.checkpoint.model import CheckpointModel
from models.session.session import Session
from models.session.sharing import equal_stored as of
from models.session.sharing.equal_stored import equal_stored
from models.session.sharing.reading import read_sharing
from models.stored.dense import Dense
from models.work.cancelled import Cancelled

Opened = Callable[[dict[str, object]], Session]


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opened:
    monkeypatch.chdir(tmp_path)

    def opened(tensors: dict[str, object]) -> Session:
        torch.save(tensors, "w.pt")
        session = Session()
        session.open("w.pt")
        return session

    return opened


def equal(session: Session) -> list[list[str]]:
    model = session.model
    assert isinstance(model, CheckpointModel)
    return [[model.tree.path(node) for node in nodes] for nodes in equal_stored(model)]


def test_copies_are_found_and_what_differs_in_the_last_element_is_none(opened: Opened) -> None:
    whole = torch.randn(1000, 300)
    near = whole.clone()
    near[-1, -1] += 1
    tensors = {"a": whole, "near": near, "b": whole.clone(), "c": torch.randn(1000, 300), "near2": near.clone()}
    found = equal(opened(dict(tensors)))
    wanted = [{y for y in tensors if torch.equal(tensors[x], tensors[y])} for x in ("a", "near")]
    assert sorted(map(sorted, found)) == sorted(map(sorted, wanted))


def test_shape_and_dtype_are_part_of_it(opened: Opened) -> None:
    row = torch.arange(8, dtype=torch.int32)
    assert equal(opened({"a": row, "b": row.view(2, 4).clone(), "c": row.float(), "d": row.clone()})) == [["a", "d"]]


def test_what_is_one_number_and_what_is_stored_once_are_left_out(opened: Opened) -> None:
    tied = torch.randn(4, 4)
    nearly = torch.ones(70_000)
    nearly[-1] = 2
    tensors = {f"ones.{index}": torch.ones(70_000) for index in range(3)}
    tensors |= {"x": tied, "y": tied, "row": tied[0], "zero": torch.zeros(3), "null": torch.zeros(3)}
    tensors |= {"n.0": nearly, "n.1": nearly.clone()}
    assert equal(opened(dict(tensors))) == [["n.0", "n.1"]]


def test_a_tied_tensor_and_its_copy_are_one_set(opened: Opened) -> None:
    tied = torch.randn(4, 4)
    assert equal(opened({"x": tied, "y": tied, "z": tied.clone()})) == [["x", "z"]]


def test_a_view_in_another_order_is_compared_by_its_elements(opened: Opened) -> None:
    whole = torch.randn(6, 5)
    assert equal(opened({"t": whole.T, "c": whole.T.contiguous()})) == [["t", "c"]]


def test_no_more_is_read_than_agrees(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    base = torch.randn(1_000_000)
    others = {f"w.{index}": torch.randn(1_000_000) for index in range(4)}
    early = base.clone()
    early[of.HEAD + 1] += 1
    session = opened({"base": base, "early": early, **others})
    read = []
    real = Dense.flat
    monkeypatch.setattr(Dense, "flat", lambda self, start, stop: read.append(stop - start) or real(self, start, stop))
    assert equal(session) == []
    assert sum(read) == 6 * of.HEAD + 2 * of.FIRST_PIECE


def test_it_is_cancelled_while_it_reads_and_says_how_far_it_is(opened: Opened) -> None:
    whole = torch.randn(600_000)
    session = opened({"a": whole, "b": whole.clone(), "c": torch.randn(600_000)})
    assert isinstance(session.model, CheckpointModel)
    shares: list[float] = []
    asked = 0

    def cancelled_later() -> bool:
        nonlocal asked
        asked += 1
        return asked > 5

    with pytest.raises(Cancelled):
        equal_stored(session.model, cancelled_later)
    equal_stored(session.model, on_progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_file_that_is_gone_has_no_equal_values(opened: Opened) -> None:
    session = opened({"a": torch.arange(9), "b": torch.arange(9)})
    Path("w.pt").unlink()
    for file in session.model.checkpoint.files:  # type: ignore[attr-defined]
        file.close()
    assert equal(session) == []


def test_the_view_has_what_tying_would_save(opened: Opened) -> None:
    session = opened({"a": torch.arange(9), "b": torch.arange(9), "c": torch.arange(9)})
    (group,) = read_sharing(session, values=True).groups
    assert (group.kind, group.bytes, group.saved, group.code) == ("equal", 72, 144, "")
    assert [member.path for member in group.members] == ["a", "b", "c"]
