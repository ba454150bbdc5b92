"""What a statement changed, and how that is undone and done again.

`_version` is not enough: writes through `.data`, from other libraries and by C++ do not increase it.  So the watch
keeps copies of the values, and compares.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from operator import itemgetter
from typing import NamedTuple

from torch import Tensor, nn
from torch.optim import Optimizer

from ..live.live_tree import LiveTree, Node
from ..tensors.plainly import plainly
from ..tensors.tensors import requires_grad, size_in_bytes
from ..work.gc_paused import gc_paused
from .batches import Batches
from .gradients import GradientRecords
from .history import Change, Departed, FlagRecord, departing, listed_reasons, quoted_label
from .modules import LEFT, ModuleRecord, ModuleRecords
from .names import Names, NamesRecord, names_in
from .optimizers import OptimizerRecord
from .random_numbers import RandomRecord
from .record import Detail, ValueRecord
from .timeline import Timeline

LIMIT = 256 * 2**20
"""Bytes of the copies of values, and of the copies of gradients: each may take as much."""
HISTORY_SIZE = 2
"""Times `LIMIT` that all changes together may take, those to be done again included."""
WHOLE_LIMIT = 512 * 2**20
"""Bytes of the tensors beyond that are summed as a whole at each check (some 0.1 s); the rest is sampled."""


class NothingToUndo(Exception):
    """There is no change to undo, or it cannot be undone; the text is the sentence for the user."""


class Undone(NamedTuple):
    """A change that was undone, or done again."""

    text: str
    """The sentence for the user."""
    paths: list[str]
    """Paths whose values came back, all names of a shared tensor; empty when only something else did."""
    tree: LiveTree
    """The network's tree since; its root may be another module than before."""
    mark: int
    """What the session called the change."""


class Watch:
    """Records of the network as it was at the last `end`: values of all tensors, flags, what modules hold.

    Making one copies values, at most `limit` bytes of them.
    """

    def __init__(self, tree: LiveTree, limit: int = LIMIT) -> None:
        self.gradients_changed = False
        """Whether the last `end` found other gradients than `record_gradients` recorded."""
        self.last = Change("")
        """What the last `end`, `undo` or `redo` found."""
        self._limit = limit
        self.rebase(tree)

    @plainly
    def rebase(self, tree: LiveTree) -> None:
        """Start anew from another network, without history."""
        self._root, self._name = tree.root, tree.name
        self._tree = tree
        self._nodes: dict[str, Node] = {}
        self._records: dict[int, ValueRecord] = {}
        """By identity of the tensor, which the record keeps alive."""
        self._flags: dict[int, bool] = {}
        """By identity of the same tensors, whether they require a gradient."""
        self._batches: Batches | None = None
        """The same records, arranged when they are first compared."""
        self._modules = ModuleRecords([])
        self._module_paths: dict[int, str] = {}
        """By identity of a module, its first path."""
        self._gradients: GradientRecords | None = None
        self._watches_gradients = False
        self._optimizers: dict[str, OptimizerRecord] = {}
        """By the console's names."""
        self._names: NamesRecord | None = None
        self._copied: NamesRecord | None = None
        """The last record of names, whose copies of tensors the next one takes over."""
        self._random: RandomRecord | None = None
        self._known: set[int] = set()
        """Identities of the tensors and modules that are watched."""
        self._label = ""
        self._timeline = Timeline(HISTORY_SIZE * self._limit)
        self._follow(tree)

    def copies(self) -> dict[str, Tensor | None]:
        """Return the values of every tensor at the last `end`, by path; None where no copy is kept."""
        found = {path: self._records.get(id(node.item)) for path, node in self._nodes.items()}
        return {path: record.copy for path, record in found.items() if record is not None}

    @property
    def root(self) -> nn.Module:
        """Return the network that is watched."""
        return self._root

    def follow_names(self, names: Iterable[str]) -> None:
        """Take some of the console's names as they are now: an undo bound them, not the statement that goes on."""
        if self._names is not None:
            self._names.follow(names)

    @plainly
    def begin(self, label: str, about: Iterable[Tensor] = ()) -> None:
        """Start a change: `label`, a statement or `forward`, is how the text of `undo` names it.

        Of the tensors that it is `about` a copy is kept even where there is no room for one of every tensor.
        """
        self._label = label
        self._watches_gradients = False
        self._names = self._random = None
        self._reserve(about)

    @plainly
    def record_gradients(self) -> None:
        """Record the gradients, so that what the next `end` finds can be undone; copies at most `limit` bytes."""
        tensors = [record.tensor for record in self._records.values()]
        self._gradients = GradientRecords(tensors, self._gradients, self._limit)
        self._watches_gradients = True

    @plainly
    def record_optimizers(self, optimizers: Mapping[str, Optimizer]) -> None:
        """Record the state of the console's optimizers, by name, for the next `end`; copies at most `limit` bytes."""
        remaining, before = self._limit, self._optimizers
        self._optimizers = {}
        for name, optimizer in optimizers.items():
            record = self._optimizers[name] = OptimizerRecord(optimizer, before.get(name), remaining)
            remaining -= record.size

    @plainly
    def record_random(self, names: Mapping[str, object]) -> None:
        """Record where the generators of random numbers stand, those among the console's `names` too."""
        self._random = RandomRecord(names)

    @plainly
    def record_names(self, names: Names, also: Mapping[str, Names] | None = None, apart: Collection[str] = ()) -> None:
        """Record what the console's names are bound to, for the next `end`, but for those that are `apart`.

        What the dicts of `also` hold is recorded too, each by a title, by which the text of `undo` names it.
        """
        self._names = self._copied = NamesRecord(names, self._limit, self._known, self._copied, also or {}, apart)

    @plainly
    def end(self, tree: LiveTree | None = None, mark: int = 0, *, midway: bool = False) -> list[str]:
        """Return the paths whose values changed since the last `end`, in tree order, all names of a shared tensor.

        A path that came or went is no change of values, nor is another network in place of this one.

        Args:
            tree: the present one; None has it built here.
            mark: what the session calls the change.
            midway: that the statement goes on, whose names and random numbers are of a later change.
        """
        change = self._take(tree or LiveTree.of(self._root, self._name))
        change.mark = mark
        if not midway:
            self._take_around(change)
        self._timeline.add(change)
        return change.paths

    @plainly
    def undo(self) -> Undone:
        """Undo the last change and return what was restored.

        Raises:
            NothingToUndo: there is none, or nothing of it could be restored.
        """
        past, future = self._timeline.past, self._timeline.future
        return self._go(past, future, "took back", "nothing to undo: no change is remembered")

    @plainly
    def redo(self) -> Undone:
        """Do again what was undone last, if nothing changed since; return what that was.

        Raises:
            NothingToUndo: there is none, or nothing of it could be restored.
        """
        past, future = self._timeline.past, self._timeline.future
        return self._go(future, past, "did again", "nothing to do again: nothing was taken back last")

    def paths_next(self, *, again: bool) -> list[str]:
        """Return the paths whose values `undo`, or with `again` `redo`, restores next; empty where it has nothing."""
        changes = self._timeline.future if again else self._timeline.past
        return [path for path, _ in changes[-1].values] if changes else []

    def rename_last(self, mark: int) -> None:
        """Have the session call the last change otherwise."""
        self._timeline.past[-1].mark = mark

    def _go(self, source: list[Change], target: list[Change], did: str, nothing: str) -> Undone:
        """Restore the last change of `source`, and put what there was before that into `target`."""
        if not source:
            raise NothingToUndo(nothing)
        change = source[-1]
        self._label = change.label
        self._reserve(record.tensor for _, record in change.values)
        for _, changed in change.modules:
            if id(changed.module) in self._modules.by_id:
                self._modules.by_id[id(changed.module)] = ModuleRecord(changed.module, whole=True)
        self.record_gradients()
        self.record_optimizers({name: record.optimizer for name, record in change.optimizers})
        names = [(name, part.now()) for name, part in change.names]
        random = None if change.random is None else change.random.now()
        back, lost = change.restore()
        root = change.root or self._root
        inverse = self._take(LiveTree.of(root, self._name))
        inverse.names, inverse.random, inverse.mark = names, random, change.mark
        if back:  # before all else, and before the other goes: an interrupt loses neither
            target.append(inverse)
        source.pop()  # only now: of one that is interrupted the rest can still be restored
        # what a statement that goes on has recorded follows
        self.follow_names(names_in(names))
        if self._random is not None and random is not None:
            self._random = self._random.now()
        if not back:
            cannot = "take back" if did == "took back" else "do again"
            raise NothingToUndo(f"cannot {cannot} {quoted_label(change.label)}: {listed_reasons(lost)}")
        self._timeline.fit(target, inverse)
        text = f"{did} {quoted_label(change.label)}: {inverse.described() or 'nothing was left of it'}"
        text = f"{text} (but not {listed_reasons(lost)})" if lost else text
        return Undone(text, inverse.paths, self._tree, change.mark)

    # -- comparing
    def _take(self, tree: LiveTree) -> Change:
        """Return what is not as it was at the last look, and follow the network from here."""
        changed_ids = self._changed_tensors()
        is_new = tree is not self._tree
        modules = self._modules.changed(thoroughly=is_new)
        change = self.last = Change(self._label)
        if changed_ids or is_new:
            self._compare_values(change, tree, changed_ids)
        for record in modules:
            path = self._module_paths[id(record.module)]
            change.modules.append((path, record))
            for kind, name in record.differences():
                noted = path if kind in ("training", "hooks", "class") else f"{path}.{name}" if path else name
                change.noted.setdefault(kind, []).append(noted)
        if is_new:
            self._compare_objects(change, tree)
        if self._watches_gradients:
            self._watches_gradients = False
            self._compare_gradients(change)
        change.optimizers = [(name, record) for name, record in self._optimizers.items() if record.changed()]
        for name, _ in change.optimizers:
            del self._optimizers[name]  # the next record is of the state as it is then
        if changed_ids or modules or is_new:
            self._follow(tree, changed_ids, {id(record.module) for record in modules})
        self.gradients_changed = bool(change.gradients)
        return change

    def _take_around(self, change: Change) -> None:
        """Add what the statement did to the console's names and to random numbers."""
        if self._names is not None:
            change.names = self._names.changed(() if change.root is None else ("net", self._name))
            self._names.let_go()
        if self._random is not None and self._random.changed():
            change.random = self._random
        self._names = self._random = None

    def _changed_tensors(self) -> set[int]:
        """Return the identities of the tensors that hold other values than at the last look."""
        if self._batches is None:
            self._batches = Batches(self._records.values())
        return self._batches.changed()

    def _compare_values(self, change: Change, tree: LiveTree, changed_ids: set[int]) -> None:
        """Add the tensors with other values, whose identities are `changed_ids`, and the paths that lead to others."""
        for identity, path in self._first_paths().items():
            if identity in changed_ids:
                change.values.append((path, self._records[identity]))
        if tree.root is not self._root:
            return  # the values of another network are no change of these
        for node in tree.nodes:
            before = self._nodes.get(node.path)
            if before is None or (node.item is before.item and id(node.item) not in changed_ids):
                continue
            if tree.find(node.path) != node.index:
                continue  # the path occurs twice; the first one is watched
            if node.item is not before.item:
                record = self._records.get(id(before.item))
                if record is None or not isinstance(node.item, Tensor) or not record.differs(node.item):
                    continue
                if reason := self._why_not_back(before):
                    change.lost.append((node.path, reason))
            change.paths.append(node.path)

    def _compare_objects(self, change: Change, tree: LiveTree) -> None:
        """Add what a tree has that is another than before: tensors that went, flags, the network itself."""
        if tree.root is not self._root:
            change.root = self._root
        if change.modules or change.root is not None:
            held = {id(node.item) for node in tree.modules()} | {id(record.module) for _, record in change.modules}
            gone = [record for identity, record in self._modules.by_id.items() if identity not in held]
            change.departed_modules = [(self._module_paths[id(record.module)], record) for record in gone]
        present = {id(tensor) for tensor in tree.distinct_tensors}
        known = {id(record) for _, record in change.values}
        for identity, path in self._first_paths().items():
            record = self._records[identity]
            if not departing(record.tensor):
                continue
            if identity not in present and (change.modules or change.root is not None):
                kept = None if id(record) in known else record
                change.departed.append(Departed(path, record.tensor, kept, self._flags[identity]))
            flag = FlagRecord(record.tensor, self._flags[identity])
            if flag.changed():
                change.flags.append((path, flag))
                change.noted.setdefault("requires_grad", []).append(path)

    def _first_paths(self) -> dict[int, str]:
        """Return by identity of each tensor that is watched its first path, in tree order."""
        paths: dict[int, str] = {}
        for path, node in self._nodes.items():
            if id(node.item) in self._records:
                paths.setdefault(id(node.item), path)
        return paths

    def _why_not_back(self, before: Node) -> str:
        """Return why the object that was at a node cannot come back in place of another; empty where it can."""
        owner = self._tree.holder(before).item
        record = self._modules.by_id.get(id(owner))
        if isinstance(before.item, Tensor) and not departing(before.item):
            return ""  # a result that a forward left behind
        if record is None or not record.own:
            return f"a {type(owner).__name__} does not take it back"
        return "it was replaced within a list or dict" if record.own.get(before.attribute) is LEFT else ""

    def _compare_gradients(self, change: Change) -> None:
        changed = self._gradients.changed() if self._gradients is not None else []
        if changed:
            names = {id(node.item): path for path, node in reversed(self._nodes.items())}
            order = {path: node.index for path, node in self._nodes.items()}
            change.gradients += [(names.get(id(record.tensor), ""), record) for record in changed]
            change.gradients.sort(key=lambda entry: order.get(entry[0], -1))

    # -- following
    def _reserve(self, tensors: Iterable[Tensor]) -> None:
        """Copy those of the tensors that there is no copy of, as far as each fits into the limit."""
        for tensor in tensors:
            record = self._records.get(id(tensor))
            if record is not None and record.detail != "copy" and _size(tensor) <= self._limit:
                self._records[id(tensor)] = ValueRecord(tensor, "copy")
                self._batches = None

    def _follow(self, tree: LiveTree, changed_ids: Collection[int] = (), changed_modules: Collection[int] = ()) -> None:
        """Watch the objects of `tree`, with new records of those that are new or whose identities are given."""
        nodes: dict[str, Node] = {}
        tensors: dict[int, Tensor] = {}
        modules: dict[int, nn.Module] = {id(tree.root): tree.root}
        module_paths: dict[int, str] = {id(tree.root): ""}
        for node in tree.nodes:
            if not node.index or tree.find(node.path) != node.index:
                continue  # a path may occur twice when names hold dots
            nodes[node.path] = node
            if isinstance(node.item, Tensor):
                tensors[id(node.item)] = node.item
            else:
                modules[id(node.item)] = node.item
                module_paths.setdefault(id(node.item), node.path)
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
            records = ModuleRecords(modules.values(), self._modules.by_id, changed_modules)
        flags = {identity: requires_grad(tensor) for identity, tensor in tensors.items()}
        # last, so that an interrupt on the way leaves the watch as it was
        self._nodes, self._records, self._batches = nodes, kept, None
        self._modules, self._module_paths, self._flags = records, module_paths, flags
        self._tree, self._root, self._known = tree, tree.root, {*tensors, *modules}


def _size(tensor: Tensor) -> int:
    return size_in_bytes(tensor) or 0
