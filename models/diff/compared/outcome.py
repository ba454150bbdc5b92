"""What is known of the differences so far: of each tensor, and of each module all in it together.

Written by the one thread that compares, while others read.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from operator import add

from ...messages.comparing import SERIOUS, DifferenceStatus, RowDifference
from ...work.imported import torch_is_there
from ..difference import ALIKE, Difference, Status, Tally, Tolerance
from ..modules import ModuleChange, ModuleChanges
from ..pairing import Pairs
from ..stream import OnBytesRead, differences_at_once, pair_bytes
from ..sums import Squares, Sum
from ..tensors import Comparable
from ..workers import Workers
from .early import LOOK, EarlyDifferences
from .tree import ComparedTree, common_path

InSight = Callable[[], Sequence[int]]
"""Returns the pairs whose rows are in sight."""
AT_ONCE, BYTES_AT_ONCE = 2_000, 64 << 20
"""Pairs, and bytes of both sides, that are compared before it is asked again what is in sight."""
SHOWN = 20
"""Reports of what was found before torch is imported, 0.05 s apart: the first figures wait for torch anyway."""
LOOKED_AT = 64
"""Pairs that are looked at before torch is imported, beside those in sight."""
_NONE = [0] * len(SERIOUS)
_NO_DIFFERENCE = (*ALIKE, "unreadable")


class Outcome:
    """The differences of the pairs of a tree, as far as they are known."""

    def __init__(self, tree: ComparedTree, pairs: Pairs) -> None:
        self._tree = tree
        self._pairs = pairs
        self.found: list[Difference | None] = [None] * len(pairs.both)
        """The difference of each pair; None while it is not known."""
        self._sizes: list[int] = []
        """The bytes of each pair; empty before anything is read."""
        self.done = 0
        """How many of the first pairs are all compared."""
        self._early = EarlyDifferences(tree, pairs)
        """What is certain of pairs of which the figures are not known yet."""
        self.complete = not pairs.both
        """Whether all are, and the sums of modules too."""
        self.version = 0
        """Counts up whenever more is known."""
        self.tally = Tally()
        self._largest = 0.0
        """The largest finite `relative_l2` of a tensor so far."""
        self._changes = ModuleChanges(pairs)
        self._counts: dict[int, list[int]] = {}
        """Of the nodes of modules how many tensors in it have each status of `SERIOUS`: lists, for others read them."""
        self._items: dict[int, int] = {}
        """Of the nodes of modules how many items in it differ."""
        for node in tree.nodes[len(pairs.both) :]:
            for module in tree.modules_around(node):
                self._items[module] = self._items.get(module, 0) + 1

    def read(self, on_progress: OnBytesRead, in_sight: InSight = tuple) -> None:
        """Compare the pairs that are left, those in sight first; what is known stays where this is cancelled.

        Raises:
            Cancelled: `on_progress` raised it.
        """
        both = self._pairs.both
        self._sizes = self._sizes or list(map(pair_bytes, both))
        total, done = sum(self._sizes), 0

        def progress(size: int, part: int, path: str) -> None:
            on_progress(done + size, total, path)

        self._look_first(in_sight, progress)
        while some := self._next(in_sight):
            found = differences_at_once(
                Pairs(both=[both[index] for index in some]), Tolerance(), progress, squares=True,
                torch_is_there=torch_is_there, sizes=[self._sizes[index] for index in some],
            )  # fmt: skip
            start = 0
            for together in found:
                self._take(some[start : start + len(together)], together)
                start += len(together)
            done += sum(self._sizes[index] for index in some)
        if self.complete:
            return

        def measure(tensor: Comparable) -> Sum | None:
            from ..squares import squares_of

            on_progress(1, 1, tensor.path)
            with Workers() as workers:
                return squares_of(tensor.readable, workers)

        self._changes.measure_rest(measure)
        self.complete = True
        self.version += 1

    def _next(self, in_sight: InSight) -> list[int]:
        """Return the pairs to be compared now: those in sight, else some of those that are left."""
        wanted = [index for index in in_sight() if self.found[index] is None]
        if wanted:
            return wanted
        while self.done < len(self.found) and self.found[self.done] is not None:
            self.done += 1
        some, size = list[int](), 0
        for index in range(self.done, min(self.done + AT_ONCE, len(self.found))):
            if self.found[index] is None:
                some.append(index)
                size += self._sizes[index]
            if size > BYTES_AT_ONCE:
                break
        return some

    def glance(self, indices: Iterable[int], seconds: float) -> None:
        """Look at the first elements of pairs that nobody has compared yet; at none any more after so many seconds."""
        until = time.monotonic() + seconds
        left = [index for index in indices if self.found[index] is None]
        if self._early.look(left, lambda: time.monotonic() > until, LOOK):
            self.version += 1

    def _look_first(self, in_sight: InSight, on_progress: OnBytesRead) -> None:
        """While torch is imported, say which of those in sight, or of the first ones, are changed, and where."""
        if torch_is_there():
            return
        for index in [*in_sight(), *range(self.done, min(self.done + LOOKED_AT, len(self.found)))]:
            if torch_is_there():
                return
            if self.found[index] is not None:
                continue
            on_progress(0, 0, common_path(self._pairs.both[index]))
            if self._early.look([index], torch_is_there):
                self.version += 1
        for _ in range(SHOWN if self._early.found else 0):  # reports have whoever draws ask for what was found
            if torch_is_there():
                return
            on_progress(0, 0, "")
            time.sleep(0.05)

    def _take(self, indices: Sequence[int], together: Sequence[Difference]) -> None:
        """Take in the differences of some pairs."""
        parents, nodes = self._tree.parents, self._tree.nodes
        fresh: dict[tuple[int, Status], int] = {}
        """How many tensors of each status are in each module itself."""
        for index, found in zip(indices, together, strict=True):
            self._early.measured(index)
            self.found[index] = found
            relative = None if found.comparison is None else found.comparison.relative_l2
            if relative is not None and self._largest < relative < math.inf:
                self._largest = relative
            key = parents[nodes[index]], found.status
            fresh[key] = fresh.get(key, 0) + 1
        self._changes.add_all(together)
        for (module, status), count in fresh.items():
            self.tally.counts[status] += count
            place = SERIOUS.index(status)
            while module >= 0:
                counts = self._counts.get(module)
                if counts is None:
                    counts = self._counts[module] = [0] * len(SERIOUS)
                counts[place] += count
                module = parents[module]
        self.version += 1

    # -- of a row of the tree ----------------------------------------------------------------------------------------
    def of_node(self, node: int) -> RowDifference:
        """Return what is known of a tensor, of an item, or of all tensors in a module."""
        item = self._tree.item(node)
        if item is not None:
            return RowDifference(status=item.status, text=sides_text(item.a, item.b))
        index = self._tree.pair(node)
        return self.of_siblings([node]) if index is None else self._of_pair(index)

    def _of_pair(self, index: int) -> RowDifference:
        found = self.found[index] or self._early.found.get(index)
        if found is None:
            return RowDifference()
        text = found.reason or _forms_text(found)
        numbers = found.comparison
        if numbers is None:
            return RowDifference(status=found.status, text=text)
        return RowDifference(
            status=found.status,
            max_abs=numbers.max_abs,
            relative_l2=numbers.relative_l2,
            cosine=numbers.cosine,
            nonfinite=numbers.nonfinite,
            share=self._share(numbers.relative_l2),
            index=None if numbers.index is None else list(numbers.index),
            text=text,
        )

    def of_siblings(self, nodes: Sequence[int]) -> RowDifference:
        """Return what is known of all tensors at or below some nodes together, their numbers as one vector."""
        tree = self._tree
        counts, early = [0] * len(SERIOUS), [0] * len(SERIOUS)
        sums = ModuleChange("", None)
        for node in nodes:
            index = tree.pair(node)
            found = None if index is None else self.found[index]
            if found is not None:
                counts[SERIOUS.index(found.status)] += 1
                if found.comparison is not None:
                    _add_tensor(sums, found)
            elif index is not None:
                early = list(map(add, early, self._early.status(index)))
            else:
                counts = list(map(add, counts, self._counts.get(node, _NONE)))
                early = list(map(add, early, self._early.counts(node)))
                change = self._changes.find(tree.path(node))
                if change is not None:  # a name that the tree changed, as it was taken, has counts alone
                    _add_module(sums, change)
        items = sum(self._items.get(node, 0) for node in nodes)
        tensors, known = sum(map(tree.count, nodes)), sum(counts) + sum(early)
        if early[SERIOUS.index("changed")]:
            if known == tensors or not sums.squares.apart.value:
                sums.max_abs = None  # by how much is not known yet: it is not 0, nor what some of them make
        elif early[SERIOUS.index("equal")] and sums.max_abs is None:
            sums.max_abs = 0.0  # as of those that were measured
        counts = list(map(add, counts, early))
        statuses: list[DifferenceStatus] = [status for status, count in zip(SERIOUS, counts, strict=True) if count]
        relative = sums.relative_l2
        if not tensors:  # there are items alone, which all differ, or nothing at all
            return RowDifference(status="changed" if items else "equal", tensors=items, compared=items, differing=items)
        if items:
            statuses.append("changed")
        return RowDifference(
            status=max(statuses or [""], key=SERIOUS.index),
            tensors=tensors,
            compared=known,
            differing=sum(count for status, count in zip(SERIOUS, counts, strict=True) if status not in _NO_DIFFERENCE),
            max_abs=sums.max_abs,
            relative_l2=relative,
            nonfinite=sums.nonfinite,
            share=self._share(relative),
        )

    def _share(self, relative: float | None) -> float | None:
        if relative is None:
            return None
        return min(relative / self._largest, 1.0) if self._largest else 0.0


def _add_tensor(sums: ModuleChange, found: Difference) -> None:
    numbers = found.comparison
    assert numbers is not None
    if numbers.max_abs is not None:
        sums.max_abs = max(numbers.max_abs, sums.max_abs or 0.0)
    sums.nonfinite += numbers.nonfinite
    if numbers.squares is not None:
        _add_squares(sums, numbers.squares)


def _add_module(sums: ModuleChange, other: ModuleChange) -> None:
    if other.max_abs is not None:
        sums.max_abs = max(other.max_abs, sums.max_abs or 0.0)
    sums.nonfinite += other.nonfinite
    sums.unread = sums.unread or other.unread
    _add_squares(sums, other.squares)


def _add_squares(sums: ModuleChange, squares: Squares) -> None:
    sums.squares.a.add(squares.a.value, squares.a.exponent)
    sums.squares.apart.add(squares.apart.value, squares.apart.exponent)


def sides_text(a: str | None, b: str | None) -> str:
    """Return what stands on either side: `1 → 2`."""
    return f"{'none' if a is None else a} → {'none' if b is None else b}"


def _forms_text(found: Difference) -> str:
    """Return shapes and dtypes where they differ; empty where they do not, or one side has none."""
    a, b = found.a, found.b
    if a is None or b is None:
        return ""
    shapes = sides_text(shape_text(a.shape), shape_text(b.shape)) if a.shape != b.shape else ""
    return "  ".join(filter(None, (shapes, sides_text(a.dtype, b.dtype) if a.dtype != b.dtype else "")))


def shape_text(shape: tuple[int, ...] | None) -> str:
    """Return a shape as rows write it: `[8, 4]`; `?` for a tensor that has none."""
    return "?" if shape is None else str(list(shape))
