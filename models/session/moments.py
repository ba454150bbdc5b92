"""The values of the open network at other moments, to compare those of now with: before anything ran, and snapshots."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from torch import Tensor

from ..diff.difference import TensorSide
from ..diff.sources import comparable
from ..diff.tensors import Comparable
from ..messages import SnapshotItem
from ..opened.facts import amount
from ..sources.wording import size_text
from ..tensors.readable import Absent
from ..tensors.tensors import dtype_text
from ..tensors.torch_readable import readable_of

if TYPE_CHECKING:
    from ..live.live_model import LiveModel
    from .session import Session

OPENED = ""
"""Name of the moment before anything ran."""
NO_COPY = "no copy of it was kept at that moment: it is too large, or torch cannot copy it"
"""Why a tensor of another moment has no elements."""


def tensors_at(session: Session, name: str) -> tuple[str, list[Comparable]]:
    """Return a moment in words, to be written behind the network's name, and the tensors as they were then.

    Raises:
        EngineProblem: there is no snapshot of that name, or no network is open.
    """
    model = session.live
    if name != OPENED:
        records = session.snapshots.find(name).records
        return f"at snapshot {name}", _of_copies(model, {path: record.copy for path, record in records.items()})
    if session.opened_values is None:
        session.watch()
    return "as it was opened", _of_copies(model, session.opened_values or {})


def take_snapshot(session: Session, name: str = "") -> str:
    """Keep the network as it is now under `name`, or a free number; return which snapshot that is, in a few words.

    Raises:
        EngineProblem: no network is open, there is no room, or the name is taken.
    """
    tree = session.live.tree
    session.watch()  # of before anything ran, while that is still so
    taken = session.snapshots.take(tree, name)
    session.journal.took(taken.name)
    return f"snapshot {taken.name}, {size_text(taken.size)}"


def list_moments(session: Session) -> list[SnapshotItem]:
    """Return the moments that what is open can be compared with, the first one that of before anything ran."""
    if session.opened_values is None:
        first = "nothing ran yet"
    else:
        missing = sum(copy is None for copy in session.opened_values.values())
        first = "before anything ran" + (f"; {amount(missing, 'tensor')} not kept" if missing else "")
    items = [SnapshotItem(name=OPENED, detail=first)]
    for each in session.snapshots.all:
        at = time.strftime("%H:%M:%S", time.localtime(each.taken_at))
        old = ", before it was opened again" if each.root is None else ""
        items.append(SnapshotItem(name=each.name, detail=f"taken at {at}, {size_text(each.size)}{old}"))
    return items


def _of_copies(model: LiveModel, copies: Mapping[str, Tensor | None]) -> list[Comparable]:
    """Return the tensors that copies are of, with what is known of those that are still there."""
    now = {each.side.path: each for each in map(comparable, model.named_tensors())}
    found = []
    for path, copy in copies.items():
        if path in now:
            found.append(_with(now[path], copy))
        elif copy is not None:
            found.append(Comparable(TensorSide(path, tuple(copy.shape), dtype_text(copy)), readable_of(copy)))
    return found


def _with(each: Comparable, copy: Tensor | None) -> Comparable:
    """Return the tensor with the elements, shape and dtype of a copy; without elements where there is none."""
    if copy is None:
        readable = each.readable if each.readable.absence[0] else _Unkept(each.readable.shape)
        return Comparable(each.side, readable, each.lacks, each.twins, each.stored)
    side = TensorSide(each.side.path, tuple(copy.shape), dtype_text(copy), each.side.state, each.side.kind)
    return Comparable(side, readable_of(copy), each.lacks, each.twins, each.stored)


class _Unkept(Absent):
    """A tensor of which no copy was kept, but its shape."""

    __slots__ = ()

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__("unsupported", NO_COPY)
        self.shape = shape
