"""Two sources, tensor by tensor."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..tensors.lattice import span_of
from .compare import compare
from .difference import Difference, Tolerance
from .pairing import Pairs
from .tensors import Comparable
from .workers import Workers

OnProgress = Callable[[int, int, str], None]
"""Told while it reads: bytes read, of how many, and which tensor."""


def differences(
    pairs: Pairs,
    tolerance: Tolerance,
    told: OnProgress = lambda done, total, path: None,
    workers: Workers | None = None,
) -> Iterator[Difference]:
    """What is told of each pair, in order; one at a time is in memory, and of that a few pieces."""
    total = sum(map(_bytes, pairs.both))
    done = 0
    with workers or Workers() as team:
        for a, b in pairs.both:
            if a is None or b is None:
                yield _only(a, b)
                continue
            before, path = done, a.path

            def read(size: int, path: str = path) -> None:
                nonlocal done
                done += size
                told(done, total, path)

            read(0)
            found = compare(a, b, tolerance, team, read)
            done = before + _bytes((a, b))  # a tensor may be read in part, or twice
            yield found


def _only(a: Comparable | None, b: Comparable | None) -> Difference:
    if a is not None:
        return Difference(a.path, "only_a", a.side, None)
    assert b is not None
    return Difference(b.path, "only_b", None, b.side)


def _bytes(pair: tuple[Comparable | None, Comparable | None]) -> int:
    a, b = pair
    if a is None or b is None or a.side.shape != b.side.shape or a.side.shape is None:
        return 0
    return int(sum(_stored(each) * each.item_bytes for each in pair if each is not None))


def _stored(tensor: Comparable) -> int:
    """Elements, where few are shown many times those that are stored."""
    shape, strides = tensor.side.shape or (), tensor.strides
    return tensor.elements if strides is None else min(tensor.elements, span_of(shape, strides))
