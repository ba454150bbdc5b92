"""Which values a statement changed, and how that is undone.

`_version` is not enough: writes through `.data`, from other libraries and by C++ do not increase it.  So the watch
keeps copies of the values, and compares.
"""

from __future__ import annotations

from collections.abc import Collection
from operator import itemgetter
from typing import NamedTuple

from torch import Tensor, nn

from ..live.live_tree import LiveTree, Node
from ..tensors.plainly import plainly
from ..tensors.tensors import size_in_bytes
from ..work.gc_paused import gc_paused
from .batches import Batches
from .gradients import GradientRecords
from .history import Change, ReplacedObject, listed_paths, listed_reasons, quoted_label
from .record import Detail, ValueRecord

LIMIT = 256 * 2**20
"""Bytes of the copies of values, of the copies of gradients, and of the history: each may take as much."""
WHOLE_LIMIT = 512 * 2**20
"""Bytes of the tensors beyond that are summed as a whole at each check (some 0.1 s); the rest is sampled."""
HISTORY_LIMIT = 20
"""Changes that can be undone."""


class NothingToUndo(Exception):
    """There is no change to undo, or it cannot be undone; the text is the sentence for the user."""


class Undone(NamedTuple):
    """A change that was undone."""

    text: str
    """The sentence for the user."""
    paths: list[str]
    """Paths whose values came back, all names of a shared tensor; empty when only gradients did."""


class Watch:
    """Records of the values of every parameter, buffer and constant of the network as they were at the last `end`.

    Making one copies values, at most `limit` bytes of them.
    """

    def __init__(self, tree: LiveTree, limit: int = LIMIT) -> None:
        self.gradients_changed = False
        """Whether the last `end` found other gradients than `record_gradients` recorded."""
        self._limit = limit
        self.rebase(tree)

    @plainly
    def rebase(self, tree: LiveTree) -> None:
        """Start anew from another network, without history."""
        self._root, self._name = tree.root, tree.name
        self._tree = tree
        self._nodes: dict[str, Node] = {}
        self._owners: dict[str, nn.Module] = {}
        self._records: dict[int, ValueRecord] = {}
        """By identity of the tensor, which the record keeps alive."""
        self._batches: Batches | None = None
        """The same records, arranged when they are first compared."""
        self._gradients: GradientRecords | None = None
        self._watches_gradients = False
        self._label = ""
        self._history: list[Change] = []
        self._follow(tree)

    def begin(self, label: str) -> None:
        """Start a change: `label`, a statement or `forward`, is how the text of `undo` names it."""
        self._label = label
        self._watches_gradients = False

    @plainly
    def record_gradients(self) -> None:
        """Record the gradients, so that what the next `end` finds can be undone; copies at most `limit` bytes."""
        tensors = [record.tensor for record in self._records.values()]
        self._gradients = GradientRecords(tensors, self._gradients, self._limit)
        self._watches_gradients = True

    @plainly
    def end(self, tree: LiveTree | None = None) -> list[str]:
        """Return the paths whose values changed since the last `end`, in tree order, all names of a shared tensor.

        A path that came or went is no change of values.  `tree` is the network's present tree; None has it built here.
        When it is that of another network, the watch starts anew and returns nothing.
        """
        self.gradients_changed = False
        tree = tree or LiveTree.of(self._root, self._name)
        if tree.root is not self._root:
            self.rebase(tree)
            return []
        changed_ids = self._changed_tensors()
        change = Change(self._label, [])
        if changed_ids or tree is not self._tree:
            self._compare(change, tree, changed_ids)
        if self._watches_gradients:
            self._watches_gradients = False
            self._compare_gradients(change)
        if changed_ids or not self._same_objects(tree):
            self._follow(tree, changed_ids)
        self.gradients_changed = bool(change.gradients)
        if change.values or change.gradients or change.replaced or change.lost:
            self._history.append(change)
            self._trim()
        return change.paths

    @plainly
    def undo(self) -> Undone:
        """Undo the last change and return what was restored.

        Raises:
            NothingToUndo: there is none, or nothing of it could be restored.
        """
        if not self._history:
            raise NothingToUndo("nothing to undo: no change of values or gradients is remembered")
        change = self._history.pop()
        back, lost = change.restore()
        changed_ids = self._changed_tensors()
        self._follow(LiveTree.of(self._root, self._name), changed_ids)
        if not back:
            raise NothingToUndo(f"cannot take back {quoted_label(change.label)}: {listed_reasons(lost)}")
        gone = {path for path, _ in lost}
        paths = [path for path in change.paths if path not in gone]
        shown = paths or [path for path, _ in change.replaced]
        parts = [listed_paths(shown)] if shown else []
        if change.gradients:
            parts.append("gradients of " + listed_paths([path for path, _ in change.gradients]))
        text = f"took back {quoted_label(change.label)}: {' and '.join(parts)}"
        return Undone(f"{text} (but not {listed_reasons(lost)})" if lost else text, paths)

    def _same_objects(self, tree: LiveTree) -> bool:
        """Return whether every path in `tree` leads to the object that it led to at the last `end`."""
        names = self._nodes
        if tree is self._tree:
            return True
        return len(tree.nodes) == len(self._tree.nodes) and all(
            node.path in names and names[node.path].item is node.item for node in tree.nodes[1:]
        )

    def _changed_tensors(self) -> set[int]:
        """Return the identities of the tensors that hold other values than at the last `end`."""
        if self._batches is None:
            self._batches = Batches(self._records.values())
        return self._batches.changed()

    def _compare(self, change: Change, tree: LiveTree, changed_ids: set[int]) -> None:
        """Add to `change` what is not as it was at the last `end`; `changed_ids` are the tensors with other values."""
        recorded: set[object] = set()  # objects and slots that are in the change already, under another name
        for node in tree.nodes:
            before = self._nodes.get(node.path)
            if before is None or (node.item is before.item and id(node.item) not in changed_ids):
                continue
            if tree.find(node.path) != node.index:
                continue  # the path occurs twice; the first one is watched
            record = self._records.get(id(before.item))
            if node.item is before.item:
                differs = True
            else:
                differs = record is not None and isinstance(node.item, Tensor) and record.differs(node.item)
                self._record_replaced(change, before, tree.holder(node).item, differs, recorded)
            if differs:
                change.paths.append(node.path)
            if record is not None and id(before.item) in changed_ids and id(before.item) not in recorded:
                recorded.add(id(before.item))
                change.values.append((node.path, record))

    def _compare_gradients(self, change: Change) -> None:
        changed = self._gradients.changed() if self._gradients is not None else []
        if changed:
            names = {id(node.item): path for path, node in reversed(self._nodes.items())}
            order = {path: node.index for path, node in self._nodes.items()}
            change.gradients += [(names.get(id(record.tensor), ""), record) for record in changed]
            change.gradients.sort(key=lambda entry: order.get(entry[0], -1))

    def _record_replaced(
        self, change: Change, before: Node, owner: object, differs: bool, recorded: set[object]
    ) -> None:
        """Keep the object that another one replaced; one below a replaced module comes back with that."""
        slot = id(owner), before.attribute, before.keys
        if owner is not self._owners[before.path] or slot in recorded:
            return
        recorded.add(slot)
        if isinstance(before.item, Tensor) and before.item.grad_fn is not None:
            return  # a result that a forward left behind: keeping it would keep its whole graph
        if not before.keys:
            kind = "constant" if before.plain else before.kind
            replaced = ReplacedObject(self._owners[before.path], before.attribute, kind, before.item)
            change.replaced.append((before.path, replaced))
        elif differs:
            change.lost.append((before.path, "it was replaced within a list or dict"))

    def _follow(self, tree: LiveTree, changed_ids: Collection[int] = ()) -> None:
        """Watch the objects of `tree`, with new records of those that are new or in `changed_ids`."""
        nodes: dict[str, Node] = {}
        owners: dict[str, nn.Module] = {}
        tensors: dict[int, Tensor] = {}
        for node in tree.nodes:
            holder = tree.holder(node).item
            if not node.index or not isinstance(holder, nn.Module) or tree.find(node.path) != node.index:
                continue  # a path may occur twice when names hold dots
            nodes[node.path] = node
            owners[node.path] = holder
            if isinstance(node.item, Tensor):
                tensors[id(node.item)] = node.item
        kept = {
            identity: self._records[identity]
            for identity, tensor in tensors.items()
            if identity not in changed_ids and identity in self._records and self._records[identity].tensor is tensor
        }
        missing = [(_size(tensor), identity) for identity, tensor in tensors.items() if identity not in kept]
        copies_left = self._limit - sum(record.size for record in kept.values())
        sums_left = WHOLE_LIMIT - sum(_size(record.tensor) for record in kept.values() if record.detail == "whole")
        with gc_paused():
            # the smallest first, so that as many as possible are copied
            for size, identity in sorted(missing, key=itemgetter(0)):
                detail: Detail = "copy" if size <= copies_left else "whole" if size <= sums_left else "samples"
                kept[identity] = ValueRecord(tensors[identity], detail)
                copies_left -= size if detail == "copy" else 0
                sums_left -= size if detail == "whole" else 0
        # last, so that an interrupt on the way leaves the watch as it was
        self._nodes, self._owners, self._records, self._batches = nodes, owners, kept, None
        self._tree = tree

    def _trim(self) -> None:
        """Drop the oldest changes beyond the limits; the newest one stays."""
        total = 0
        for count, change in enumerate(reversed(self._history)):
            total += change.size()
            if count and (count >= HISTORY_LIMIT or total > self._limit):
                del self._history[: len(self._history) - count]
                return


def _size(tensor: Tensor) -> int:
    return size_in_bytes(tensor) or 0
