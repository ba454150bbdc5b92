"""The values of the open network at other moments, to compare those of now with: before anything ran, and snapshots."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from torch import Tensor

from ..diff.difference import Side
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
    from ..undo.changes import Watch
    from .session import Session
    from .snapshots import Snapshot

OPENED = ""
"""Name of the moment before anything ran."""
NO_ROOM = "no copy of it was kept when this was opened: it is too large"
"""Why a tensor of that moment has no elements."""


def values_of_watch(model: LiveModel, watch: Watch) -> list[Comparable]:
    """Return the tensors with the copies that `watch` has, before anything ran: they take no more until they change."""
    copies = watch.copies()
    return [_with(each, copies.get(each.side.path)) for each in map(comparable, model.named_tensors())]


def tensors_at(session: Session, name: str) -> tuple[str, list[Comparable]]:
    """Return a moment in words, to be written behind the network's name, and the tensors as they were then.

    Raises:
        EngineProblem: there is no snapshot of that name, or no network is open.
    """
    if name != OPENED:
        return f"at snapshot {name}", _of_snapshot(session.live, session.snapshots.find(name))
    model = session.live
    if session.opened_values is None:
        session.watch()
    return "as it was opened", session.opened_values or list(map(comparable, model.named_tensors()))


def take_snapshot(session: Session, name: str = "") -> str:
    """Keep the network as it is now under `name`, or a free number; return which snapshot that is, in a few words.

    Raises:
        EngineProblem: no network is open, there is no room, or the name is taken.
    """
    tree = session.live.tree
    session.watch()  # of before anything ran, while that is still so
    taken = session.snapshots.take(tree, name)
    return f"snapshot {taken.name}, {size_text(taken.size)}"


def list_moments(session: Session) -> list[SnapshotItem]:
    """Return the moments that what is open can be compared with, the first one that of before anything ran."""
    if session.opened_values is None:
        first = "nothing ran yet"
    else:
        missing = sum(each.readable.absence[1] == NO_ROOM for each in session.opened_values)
        first = "before anything ran" + (f"; {amount(missing, 'tensor')} too large to keep" if missing else "")
    items = [SnapshotItem(name=OPENED, detail=first)]
    for each in session.snapshots.all:
        at = time.strftime("%H:%M:%S", time.localtime(each.taken_at))
        items.append(SnapshotItem(name=each.name, detail=f"taken at {at}, {size_text(each.size)}"))
    return items


def _of_snapshot(model: LiveModel, taken: Snapshot) -> list[Comparable]:
    """Return the tensors of a snapshot: those that are there now, then what is gone since."""
    now = {each.side.path: each for each in map(comparable, model.named_tensors())}
    found = []
    for path, copy in taken.tensors.items():
        side = Side(path, tuple(copy.shape), dtype_text(copy))
        found.append(_with(now.get(path) or Comparable(side, readable_of(copy)), copy))
    return found


def _with(each: Comparable, copy: Tensor | None) -> Comparable:
    """Return the tensor with the elements, shape and dtype of a copy; without elements where there is none."""
    if copy is None:
        readable = each.readable if each.readable.absence[0] else _Unkept(each.readable.shape)
        return Comparable(each.side, readable, each.lacks, each.twins, each.stored)
    side = Side(each.side.path, tuple(copy.shape), dtype_text(copy), each.side.state, each.side.kind)
    return Comparable(side, readable_of(copy), each.lacks, each.twins, each.stored)


class _Unkept(Absent):
    """A tensor of which no copy was kept, but its shape."""

    __slots__ = ()

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__("unsupported", NO_ROOM)
        self.shape = shape
