"""The differences between two sources, one tensor after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from ..tensors.lattice import span_of
from .compare import compare
from .difference import Difference, Tolerance
from .neighbours import compare_neighbours, neighbours
from .pairing import Pairs
from .tensors import Comparable
from .workers import Workers

OnBytesRead = Callable[[int, int, str], None]
"""Called while reading with the bytes read, the bytes of all, and the path of the tensor."""


def differences(
    pairs: Pairs,
    tolerance: Tolerance,
    on_progress: OnBytesRead = lambda done, total, path: None,
    workers: Workers | None = None,
    squares: bool = False,
    torch_is_there: Callable[[], bool] = lambda: False,
    sizes: Sequence[int] | None = None,
) -> Iterator[Difference]:
    """Yield the difference of each pair, in order; see `differences_at_once`."""
    found = differences_at_once(pairs, tolerance, on_progress, workers, squares, torch_is_there, sizes)
    return chain.from_iterable(found)


def differences_at_once(
    pairs: Pairs,
    tolerance: Tolerance,
    on_progress: OnBytesRead = lambda done, total, path: None,
    workers: Workers | None = None,
    squares: bool = False,
    torch_is_there: Callable[[], bool] = lambda: False,
    sizes: Sequence[int] | None = None,
) -> Iterator[Sequence[Difference]]:
    """Yield the differences of pairs, in order, of small ones many at once; only a few pieces are in memory at a time.

    `workers` None uses all processor cores but one.  With `squares` the sums of equal tensors are taken too, from the
    first difference on, and before where `torch_is_there()`: where all are equal torch need not be imported.
    `sizes` are the `pair_bytes` of each pair, where they are known.
    """
    sizes = list(map(pair_bytes, pairs.both)) if sizes is None else sizes
    total = sum(sizes)
    done, at, count = 0, 0, len(pairs.both)
    differs, alone = False, 0
    with workers or Workers() as team:
        while at < count:
            a, b = pairs.both[at]
            if a is None or b is None:
                end = at + 1
                while end < count and None in pairs.both[end]:
                    end += 1
                yield [one_sided(*pair) for pair in pairs.both[at:end]]
                at = end
                continue
            before, path = done, a.path

            def read(size: int, path: str = path) -> None:
                nonlocal done
                done += size
                on_progress(done, total, path)

            read(0)
            wanted = squares and (differs or torch_is_there())
            many = neighbours(pairs.both, at) if at >= alone else None
            together = None if many is None else compare_neighbours(many, tolerance, wanted)
            if many is not None and together is None:
                alone = at + len(many.pairs)  # these cannot be read at once
            found = together or [compare(a, b, tolerance, team, read, wanted)]
            differs = differs or any(
                each.comparison is not None and each.comparison.values != "equal" for each in found
            )
            done = before + sum(sizes[at : at + len(found)])  # a tensor may be read in part, or twice
            at += len(found)
            yield found


def one_sided(a: Comparable | None, b: Comparable | None) -> Difference:
    """Return the difference of a tensor that one source alone has."""
    if a is not None:
        return Difference(a.path, "only_a", a.side, None)
    assert b is not None
    return Difference(b.path, "only_b", None, b.side)


def pair_bytes(pair: tuple[Comparable | None, Comparable | None]) -> int:
    """Return the bytes that are read of both; 0 where they are not read."""
    a, b = pair
    if a is None or b is None:
        return 0
    shape = a.side.shape
    if shape is None or shape != b.side.shape:
        return 0
    mine, theirs = a.readable, b.readable
    return int(
        _elements_read(a, mine.strides) * mine.item_bytes + _elements_read(b, theirs.strides) * theirs.item_bytes
    )


def _elements_read(tensor: Comparable, strides: tuple[int, ...] | None) -> int:
    """Return how many elements are read: the stored ones, where few are repeated many times."""
    return tensor.elements if strides is None else min(tensor.elements, span_of(tensor.side.shape or (), strides))
