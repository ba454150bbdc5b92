"""Which values a statement changed, and taking that back.

`_version` is not enough: writes through `.data`, from other libraries and by C++ do not count there.  So the watch
keeps copies of the values, and compares.
"""

from __future__ import annotations

from collections.abc import Collection
from operator import itemgetter
from typing import NamedTuple

from torch import Tensor, nn

from ..live.outline import Node, Outline
from ..tensors.plainly import plainly
from ..tensors.tensors import size_in_bytes
from ..work.gc_paused import gc_paused
from .batches import Batches
from .gradients import Gradients
from .history import Change, Placed, listed, named, reasons
from .record import Detail, Record

LIMIT = 256 * 2**20
"""Bytes of copies of values; as many again for copies of gradients, and for the history."""
WHOLE_LIMIT = 512 * 2**20
"""Bytes of the tensors beyond, all of whose values are summed at each check (some 0.1 s); of others samples are."""
LONGEST_HISTORY = 20


class NothingToUndo(Exception):
    """There is no change to take back, or it cannot be; the text is the sentence for the user."""


class Undone(NamedTuple):
    """What was taken back."""

    text: str
    """The sentence for the user."""
    paths: list[str]
    """Paths whose values came back, every shared name told; none when only gradients did."""


class Watch:
    """Knows the values of every parameter, buffer and constant of the network as they were at the last `end`.

    Making one copies values, at most `limit` bytes of them.
    """

    def __init__(self, outline: Outline, limit: int = LIMIT) -> None:
        self.gradients_changed = False
        """Whether the last `end` found other gradients than `record_gradients` did."""
        self._limit = limit
        self.rebase(outline)

    @plainly
    def rebase(self, outline: Outline) -> None:
        """Start anew from the network as it is, without history: another one took its place."""
        self._root, self._name = outline.root, outline.name
        self._outline = outline
        self._nodes: dict[str, Node] = {}
        self._owners: dict[str, nn.Module] = {}
        self._records: dict[int, Record] = {}
        """By identity of the tensor, which the record keeps alive."""
        self._batches: Batches | None = None
        """The same records, arranged when they are first asked."""
        self._gradients: Gradients | None = None
        self._watches_gradients = False
        self._label = ""
        self._history: list[Change] = []
        self._follow(outline)

    def begin(self, label: str) -> None:
        """Something is about to run: `label`, a statement or `forward`, is what `undo` will call it."""
        self._label = label
        self._watches_gradients = False

    @plainly
    def record_gradients(self) -> None:
        """Note the gradients, so that `undo` can take back what the next `end` finds; copies at most the limit."""
        tensors = [record.tensor for record in self._records.values()]
        self._gradients = Gradients(tensors, self._gradients, self._limit)
        self._watches_gradients = True

    @plainly
    def end(self, outline: Outline | None = None) -> list[str]:
        """Paths whose values changed since the last `end`, in tree order, every shared name told.

        A path that came or went is no change of values.  `outline` is the network's outline now, for who has it at
        hand; when it is that of another network, the watch starts anew and answers nothing.
        """
        self.gradients_changed = False
        outline = outline or Outline.of(self._root, self._name)
        if outline.root is not self._root:
            self.rebase(outline)
            return []
        written = self._written()
        change = Change(self._label, [])
        if written or outline is not self._outline:
            self._compare(change, outline, written)
        if self._watches_gradients:
            self._watches_gradients = False
            self._compare_gradients(change)
        if written or not self._holds(outline):
            self._follow(outline, written)
        self.gradients_changed = bool(change.gradients)
        if change.values or change.gradients or change.placed or change.lost:
            self._history.append(change)
            self._trim()
        return change.paths

    @plainly
    def undo(self) -> Undone:
        """Take the last change back; raises `NothingToUndo` when there is none or nothing of it was kept."""
        if not self._history:
            raise NothingToUndo("nothing to undo: no change of values or gradients is remembered")
        change = self._history.pop()
        back, lost = change.restore()
        written = self._written()
        self._follow(Outline.of(self._root, self._name), written)
        if not back:
            raise NothingToUndo(f"cannot take back {named(change.label)}: {reasons(lost)}")
        gone = {path for path, _ in lost}
        paths = [path for path in change.paths if path not in gone]
        told = paths or [path for path, _ in change.placed]
        parts = [listed(told)] if told else []
        if change.gradients:
            parts.append("gradients of " + listed([path for path, _ in change.gradients]))
        text = f"took back {named(change.label)}: {' and '.join(parts)}"
        return Undone(f"{text} (but not {reasons(lost)})" if lost else text, paths)

    def _holds(self, outline: Outline) -> bool:
        """Whether every name in `outline` stands for the object that it stood for at the last `end`."""
        names = self._nodes
        if outline is self._outline:
            return True
        return len(outline.nodes) == len(self._outline.nodes) and all(
            node.path in names and names[node.path].item is node.item for node in outline.nodes[1:]
        )

    def _written(self) -> set[int]:
        """Identities of the tensors that hold other values than at the last `end`."""
        if self._batches is None:
            self._batches = Batches(self._records.values())
        return self._batches.changed()

    def _compare(self, change: Change, outline: Outline, written: set[int]) -> None:
        """Note what is not as it was at the last `end`; `written` are the tensors that hold other values."""
        told: set[object] = set()  # objects and slots that are in the change already, under another name
        for node in outline.nodes:
            before = self._nodes.get(node.path)
            if before is None or (node.item is before.item and id(node.item) not in written):
                continue
            if outline.find(node.path) is not node:
                continue  # the path occurs twice; the first one is watched
            record = self._records.get(id(before.item))
            if node.item is before.item:
                differs = True
            else:
                differs = record is not None and isinstance(node.item, Tensor) and record.differs(node.item)
                self._replaced(change, before, outline.nodes[node.parent].item, differs, told)
            if differs:
                change.paths.append(node.path)
            if record is not None and id(before.item) in written and id(before.item) not in told:
                told.add(id(before.item))
                change.values.append((node.path, record))

    def _compare_gradients(self, change: Change) -> None:
        changed = self._gradients.changed() if self._gradients is not None else []
        if changed:
            names = {id(node.item): path for path, node in reversed(self._nodes.items())}
            order = {path: node.index for path, node in self._nodes.items()}
            change.gradients += [(names.get(id(record.tensor), ""), record) for record in changed]
            change.gradients.sort(key=lambda entry: order.get(entry[0], -1))

    def _replaced(self, change: Change, before: Node, owner: object, differs: bool, told: set[object]) -> None:
        """Keep the object that another one replaced; one that came with a replaced module comes back with that."""
        slot = id(owner), before.attribute, before.keys
        if owner is not self._owners[before.path] or slot in told:
            return
        told.add(slot)
        if isinstance(before.item, Tensor) and before.item.grad_fn is not None:
            return  # a result that a forward left behind: keeping it would keep its whole graph
        if not before.keys:
            placed = Placed(self._owners[before.path], before.attribute, before.kind, before.item)
            change.placed.append((before.path, placed))
        elif differs:
            change.lost.append((before.path, "it was replaced within a list or dict"))

    def _follow(self, outline: Outline, written: Collection[int] = ()) -> None:
        """Take over the objects of `outline`, with new records of those that are new or `written`."""
        nodes: dict[str, Node] = {}
        owners: dict[str, nn.Module] = {}
        tensors: dict[int, Tensor] = {}
        for node in outline.nodes:
            holder = outline.nodes[node.parent].item
            if node.parent < 0 or not isinstance(holder, nn.Module) or outline.find(node.path) is not node:
                continue  # a path may occur twice when names hold dots
            nodes[node.path] = node
            owners[node.path] = holder
            if isinstance(node.item, Tensor):
                tensors[id(node.item)] = node.item
        kept = {
            identity: self._records[identity]
            for identity, tensor in tensors.items()
            if identity not in written and identity in self._records and self._records[identity].tensor is tensor
        }
        missing = [(_size(tensor), identity) for identity, tensor in tensors.items() if identity not in kept]
        room = self._limit - sum(record.size for record in kept.values())
        summed = WHOLE_LIMIT - sum(_size(record.tensor) for record in kept.values() if record.how == "whole")
        with gc_paused():
            # the smallest first: copies of as many as there is room for
            for size, identity in sorted(missing, key=itemgetter(0)):
                how: Detail = "copy" if size <= room else "whole" if size <= summed else "samples"
                kept[identity] = Record(tensors[identity], how)
                room -= size if how == "copy" else 0
                summed -= size if how == "whole" else 0
        # last, so that an interrupt on the way leaves the watch as it was
        self._nodes, self._owners, self._records, self._batches = nodes, owners, kept, None
        self._outline = outline

    def _trim(self) -> None:
        """Forget the oldest changes beyond the limits; the newest one stays."""
        total = 0
        for count, change in enumerate(reversed(self._history)):
            total += change.size()
            if count and (count >= LONGEST_HISTORY or total > self._limit):
                del self._history[: len(self._history) - count]
                return


def _size(tensor: Tensor) -> int:
    return size_in_bytes(tensor) or 0
