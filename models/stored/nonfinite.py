"""The next NaN or infinity in a stored tensor, which is read piece by piece up to there.

Small tensors are looked through without torch, as heat maps are made; larger ones would take pure Python too long.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import compress, count
from math import isfinite

from ..messages import Nonfinite
from ..tensors.seeking import index_at, place_of, seek
from ..work.cancelled import ShouldCancel, never
from .heat import AT_ONCE, PIECE, SMALL
from .overlap import overlapping, too_wide, view_of
from .stored import InStrides, Stored, Unreadable
from .window import absence_after, no_numbers, read_numbers


def stored_nonfinite(
    stored: Stored,
    *,
    path: str,
    index: Sequence[int] = (),
    step: int = 1,
    cancelled: ShouldCancel = never,
    progress: Callable[[float], None] | None = None,
) -> Nonfinite:
    """As `inspect.nonfinite.next_nonfinite` tells it of the live tensor.  Raises `Cancelled`."""
    if reason := no_numbers(stored):
        return Nonfinite(path=path, of="value", absence="unsupported", reason=reason)
    if not stored.elements or stored.dtype.plain.number in ("int", "bool"):
        return Nonfinite(path=path, of="value")
    if (view := overlapping(stored)) is not None:
        return _in_view(view, path, index, step)
    small = stored.elements <= SMALL

    def look(start: int, stop: int, step: int) -> int | None:
        found = _in_python(stored, start, stop, step) if small else _in_torch(stored, start, stop, step)
        return None if found is None else start + found

    origin = place_of(stored.shape, index)
    try:
        place = seek(look, stored.elements, origin, step, AT_ONCE if small else PIECE, cancelled, progress)
    except Unreadable as error:
        return Nonfinite(path=path, of="value", absence=absence_after(error), reason=str(error))
    return Nonfinite(path=path, of="value", index=None if place is None else index_at(stored.shape, place))


def _in_view(view: InStrides, path: str, index: Sequence[int], step: int) -> Nonfinite:
    """In a tensor that shows few stored elements many times."""
    if reason := too_wide(view):
        return Nonfinite(path=path, of="value", absence="unsupported", reason=reason)
    from ..tensors.nonfinite import next_nonfinite

    try:
        return next_nonfinite(view_of(view), path=path, index=index, step=step)
    except Unreadable as error:
        return Nonfinite(path=path, of="value", absence=absence_after(error), reason=str(error))


def _in_python(stored: Stored, start: int, stop: int, step: int) -> int | None:
    numbers = read_numbers(stored, start, stop)
    parts = [map(isfinite, (each.real for each in numbers)), map(isfinite, (each.imag for each in numbers))]
    wrong = [not (real and imaginary) for real, imaginary in zip(*parts, strict=True)]
    if step > 0:
        return next(compress(count(), wrong), None)
    return next(compress(count(len(wrong) - 1, -1), reversed(wrong)), None)


def _in_torch(stored: Stored, start: int, stop: int, step: int) -> int | None:
    from ..tensors.nonfinite import where_nonfinite
    from ..work.one_thread import one_thread
    from .torch_pieces import torch_piece

    unit = stored.dtype.plain.per_unit
    begin = start - start % unit
    with one_thread():
        piece = torch_piece(stored, begin, min(-(-stop // unit) * unit, stored.elements))
        return where_nonfinite(piece[start - begin : stop - begin], step)
