"""Search for the next NaN or infinity in a tensor of any size, piece by piece.

Small tensors in files are searched without torch, as in `heat`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress, count
from math import isfinite

from ..messages import Absence, Nonfinite, Of, Place
from ..work.cancelled import ShouldCancel, never
from ..work.progress import OnProgress
from .heat import AT_ONCE, PIECE, WITHOUT_TORCH_LIMIT
from .lattice import repeats_much
from .readable import Readable, answer
from .seeking import index_at, position_of, seek


def next_nonfinite(
    readable: Readable,
    *,
    path: Place,
    of: Of = "value",
    index: Sequence[int] = (),
    direction: int = 1,
    should_cancel: ShouldCancel = never,
    on_progress: OnProgress | None = None,
) -> Nonfinite:
    """Return the index of the next NaN or infinity after (`direction` 1) or before (-1) `index`, in row-major order.

    The search wraps around and looks at `index` itself last; the answer's index is None where all elements are finite.
    Of a complex number either part counts.  `on_progress` is called with a fraction from 0 to 1.

    Raises:
        Cancelled: `should_cancel` returned True.
    """

    def absent(absence: Absence, reason: str) -> Nonfinite:
        return Nonfinite(path=path, of=of, absence=absence, reason=reason)

    def read(ready: Readable) -> Nonfinite:
        if not ready.elements or ready.element_kind in ("int", "bool"):
            return Nonfinite(path=path, of=of)
        if ready.strides is not None and repeats_much(ready.shape, ready.strides):
            return Nonfinite(path=path, of=of, index=_in_span(ready, ready.strides, index, direction))
        small = ready.without_torch and ready.elements <= WITHOUT_TORCH_LIMIT

        def look(start: int, stop: int, direction: int) -> int | None:
            found = _in_python(ready, start, stop, direction) if small else _in_torch(ready, start, stop, direction)
            return None if found is None else start + found

        place = seek(
            look, ready.elements, position_of(ready.shape, index), direction, AT_ONCE if small else PIECE,
            should_cancel, on_progress,
        )  # fmt: skip
        return Nonfinite(path=path, of=of, index=None if place is None else index_at(ready.shape, place))

    return answer(readable, absent, read)


def _in_span(readable: Readable, strides: Sequence[int], index: Sequence[int], direction: int) -> list[int] | None:
    """Return the next index in a view that repeats few stored elements many times; None without one."""
    from ..work.one_thread import one_thread
    from .overlap import next_index, span_piece
    from .reductions import nonfinite

    with one_thread():
        return next_index(nonfinite(span_piece(readable)), readable.shape, strides, index, direction)


def _in_python(readable: Readable, start: int, stop: int, direction: int) -> int | None:
    numbers = readable.numbers(start, stop)
    parts = [map(isfinite, (each.real for each in numbers)), map(isfinite, (each.imag for each in numbers))]
    wrong = [not (real and imaginary) for real, imaginary in zip(*parts, strict=True)]
    if direction > 0:
        return next(compress(count(), wrong), None)
    return next(compress(count(len(wrong) - 1, -1), reversed(wrong)), None)


def _in_torch(readable: Readable, start: int, stop: int, direction: int) -> int | None:
    from ..work.one_thread import one_thread
    from .reductions import nonfinite

    with one_thread():
        wrong = nonfinite(readable.piece(start, stop))
        return int(wrong.nonzero()[0 if direction > 0 else -1]) if wrong.any() else None
