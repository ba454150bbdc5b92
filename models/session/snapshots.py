"""Snapshots: the open network as it is under a name, with copies of its tensors, to compare with and to go back to.

    taken = session.snapshots.take(session.live.tree, "before")
    taken.tensors["0.weight"]         # a copy, by path: to be read, never written to
    restore(session, "before")        # a sentence for the user; `u` takes it back

A snapshot holds values, flags, and what each module holds (`models/undo/modules.py`), but no gradients.  Values that it
has in common with the one before are stored once.  The copies of all of them together take at most `LIMIT` bytes; one
that does not fit is refused.  Modules that are replaced later are kept alive besides.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..messages import Problem
from ..messages.errors import EngineProblem
from ..sources.wording import size_text

if TYPE_CHECKING:
    from torch import Tensor, nn

    from ..live.live_tree import LiveTree
    from ..undo.history import Change, FlagRecord
    from ..undo.modules import ModuleRecord
    from ..undo.record import ValueRecord
    from .carried import CarriedValues
    from .session import Session

LIMIT = 2**30
"""Bytes that the copies of all snapshots may take together."""
COUNT_LIMIT = 50
"""Snapshots that are kept at once."""


@dataclass(frozen=True)
class Snapshot:
    """The tensors of the open network at one moment."""

    name: str
    taken_at: float
    """Seconds since the epoch."""
    records: Mapping[str, ValueRecord | CarriedValues]
    """By path, as the tree names tensors: state-dict keys and constants; the names of one tensor share a record."""
    root: nn.Module | None
    """The network, which another may have replaced since under the name `net`; None where it was opened anew since."""
    modules: Mapping[str, ModuleRecord]
    """What each module held, by its first path."""
    flags: Mapping[str, FlagRecord]
    """Whether each tensor required a gradient, by its first path."""
    modes: Mapping[str, bool] = field(default_factory=dict)
    """Where the network was opened anew since, by path of each module whether it was in train mode."""

    @property
    def tensors(self) -> dict[str, Tensor]:
        """Return the copies by path; those of one tensor are one object.  What torch cannot copy is left out."""
        return {path: record.copy for path, record in self.records.items() if record.copy is not None}

    @property
    def size(self) -> int:
        """Return the bytes of its copies, those that it has in common with others included."""
        return _size(self.records.values())


class SnapshotStore:
    """The snapshots of one open network, which take at most `limit` bytes together."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self._taken: dict[str, Snapshot] = {}

    @property
    def all(self) -> list[Snapshot]:
        """Return all of them, the oldest first."""
        return list(self._taken.values())

    @property
    def size(self) -> int:
        """Return the bytes of all copies, each once."""
        return _size(record for taken in self._taken.values() for record in taken.records.values())

    def find(self, name: str) -> Snapshot:
        """Return the snapshot of that name; raise EngineProblem, of kind `gone`, when there is none."""
        if name not in self._taken:
            names = ", ".join(self._taken)
            text = f"There are {names}." if names else "None was taken since the source was opened."
            raise EngineProblem(Problem("gone", f"There is no snapshot “{name}”", text))
        return self._taken[name]

    def take(self, tree: LiveTree, name: str = "") -> Snapshot:
        """Copy the tensors of `tree` under `name`, or under the first free number where that is empty.

        Raises:
            EngineProblem: the name is taken, there are too many, or the copies would take more than the limit.
        """
        name = name.strip() or self._free_number()
        if name in self._taken:
            raise EngineProblem(Problem("usage", f"There is a snapshot “{name}” already", "Choose another name."))
        if len(self._taken) >= COUNT_LIMIT:
            raise EngineProblem(Problem("usage", f"{COUNT_LIMIT} snapshots are kept already", "Drop one of them."))
        self._taken[name] = self._made(name, tree)
        return self._taken[name]

    def drop(self, name: str) -> None:
        """Forget the snapshot of that name; raise EngineProblem, of kind `gone`, when there is none."""
        self.find(name)
        del self._taken[name]

    def take_over(self, snapshots: Iterable[Snapshot]) -> None:
        """Keep snapshots of what was open before, as `carried` gives them."""
        self._taken |= {each.name: each for each in snapshots}

    def clear(self) -> None:
        """Forget all of them."""
        self._taken.clear()

    def _free_number(self) -> str:
        return next(str(number) for number in range(1, COUNT_LIMIT + 2) if str(number) not in self._taken)

    def _made(self, name: str, tree: LiveTree) -> Snapshot:
        from ..tensors.tensors import requires_grad
        from ..undo.history import FlagRecord
        from ..undo.modules import ModuleRecord

        records = self._records(tree)
        modules: dict[int, tuple[str, ModuleRecord]] = {}
        for node in tree.modules():
            if id(node.item) not in modules:
                modules[id(node.item)] = node.path, ModuleRecord(node.item)  # type: ignore[arg-type]
        tensors = {id(record.tensor): (path, record.tensor) for path, record in reversed(list(records.items()))}
        flags = {path: FlagRecord(tensor, requires_grad(tensor)) for path, tensor in tensors.values()}
        return Snapshot(name, time.time(), records, tree.root, dict(modules.values()), flags)

    def _records(self, tree: LiveTree) -> dict[str, ValueRecord]:
        from ..tensors.tensors import size_in_bytes
        from ..undo.record import ValueRecord

        newest = self.all[-1].records if self._taken else {}
        before = {id(record.tensor): record for record in newest.values() if isinstance(record, ValueRecord)}
        found: dict[int, ValueRecord] = {}
        by_path: dict[str, ValueRecord] = {}
        remaining = self.limit - self.size
        for node in tree.nodes:
            tensor = node.item
            if not node.is_tensor or tree.find(node.path) != node.index:
                continue  # a path may occur twice when names hold dots
            if id(tensor) not in found:
                record = before.get(id(tensor))
                if record is None or record.changed():
                    remaining -= size_in_bytes(tensor) or 0  # type: ignore[arg-type]
                    if remaining < 0:
                        raise EngineProblem(self._no_room(tree))
                    record = ValueRecord(tensor, "copy")  # type: ignore[arg-type]
                found[id(tensor)] = record
            by_path[node.path] = found[id(tensor)]
        return by_path

    def _no_room(self, tree: LiveTree) -> Problem:
        from ..tensors.tensors import size_in_bytes

        needed = sum(size_in_bytes(tensor) or 0 for tensor in tree.distinct_tensors)
        held = f"; those that are kept take {size_text(self.size)}" if self._taken else ""
        title = f"No room for a snapshot of {size_text(needed)}: all may take {size_text(self.limit)}{held}"
        return Problem("usage", title, "Drop one of them." if self._taken else "")


def restore(session: Session, name: str) -> str:
    """Make the open network what it was at a snapshot, undoably; return a sentence for the user.

    Raises:
        EngineProblem: there is no such snapshot, of kind `gone`; nothing is open, or a checkpoint.
    """
    from ..undo.history import listed_reasons
    from .carried import restore_by_path

    session.live  # noqa: B018  (raises when nothing is open)
    taken = session.snapshots.find(name)
    then = _as_change(session, taken)
    session.begin_change(f"back to snapshot {name}", [path for path, _ in then.values] or list(taken.records))
    own_name = session.model.source.name
    try:
        lost = restore_by_path(taken, session.live.tree) if taken.root is None else then.restore()[1]
        if then.root is not None:
            session.bind(own_name, then.root)
        session.journal.went_back(name, own_name)
    except KeyboardInterrupt:  # what came back by then is a change all the same
        session.journal.remark(f"back to snapshot {name}, interrupted: what it did until then is not in this file")
        raise
    finally:
        session.end_change()
    did = session.watch().last.described()
    text = f"back at snapshot {name}: {did or 'nothing had changed'}"
    if lost:
        text += f" (but not {listed_reasons(lost)})"
    return f"{text}   (u takes it back)" if did else text


def _as_change(session: Session, taken: Snapshot) -> Change:
    """Return what has to be restored to be back at a snapshot, as a change; an empty one of what was opened anew."""
    from ..undo.history import Change
    from ..undo.record import ValueRecord

    kept = [(path, record) for path, record in taken.records.items() if isinstance(record, ValueRecord)]
    records = {id(record): (path, record) for path, record in reversed(kept)}
    return Change(
        "",
        root=taken.root if taken.root is not session.root else None,  # None where it was opened anew
        modules=[(path, record) for path, record in taken.modules.items() if record.changed()],
        values=[(path, record) for path, record in reversed(records.values()) if record.changed()],
        flags=[(path, record) for path, record in taken.flags.items() if record.changed()],
    )


def _size(records: Iterable[ValueRecord | CarriedValues]) -> int:
    return sum(record.size for record in {id(record): record for record in records}.values())
