"""The next NaN or infinity in a tensor of any size; only pieces are copied."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ..messages import Nonfinite, Of
from ..work.cancelled import Cancelled, ShouldCancel, never
from ..work.one_thread import one_thread
from .absence import NO_GRADIENT, absence_of
from .distributed import local_part
from .heat import as_real
from .lattice import repeats_much
from .overlap import TooWide, next_index, span, strides_of
from .reading import strided, trouble
from .seeking import index_at, place_of, seek

PIECE = 2**18
"""Elements looked at in one go."""


@one_thread()
def next_nonfinite(
    tensor: Tensor | None,
    *,
    path: str,
    of: Of = "value",
    index: Sequence[int] = (),
    step: int = 1,
    missing: str = NO_GRADIENT,
    cancelled: ShouldCancel = never,
    progress: Callable[[float], None] | None = None,
) -> Nonfinite:
    """The index of the next NaN or infinity behind (`step` 1) or before (-1) `index`, wrapping, `index` itself last.

    Of a complex number either part counts.  `missing` says why `tensor` is None; `progress` is told from 0 to 1.
    Raises `Cancelled`.
    """
    absence, reason = absence_of(tensor, missing)
    if tensor is None or absence:
        return Nonfinite(path=path, of=of, absence=absence, reason=reason)
    try:
        whole = strided(local_part(tensor))
        if not whole.numel() or not (whole.is_floating_point() or whole.is_complex()):
            return Nonfinite(path=path, of=of)

        if repeats_much(whole.shape, strides_of(whole)):
            wanted = ~torch.isfinite(span(whole)).cpu()
            found = next_index(wanted, whole.shape, whole.stride(), index, step)
            return Nonfinite(path=path, of=of, index=found)

        def look(start: int, stop: int, step: int) -> int | None:
            found = where_nonfinite(row_major(whole, start, stop), step)
            return None if found is None else start + found

        shape = tuple(whole.shape)
        place = seek(look, whole.numel(), place_of(shape, index), step, PIECE, cancelled, progress)
    except Cancelled:
        raise
    except TooWide as error:
        return Nonfinite(path=path, of=of, absence="unsupported", reason=str(error))
    except Exception as error:  # a foreign subclass raises what it likes
        return Nonfinite(path=path, of=of, absence="unsupported", reason=trouble(error))
    return Nonfinite(path=path, of=of, index=None if place is None else index_at(shape, place))


def where_nonfinite(part: Tensor, step: int) -> int | None:
    """The first (`step` 1) or last (-1) place in a tensor of one dimension that is not finite; None without one."""
    wrong = ~torch.isfinite(part.to(torch.complex128) if part.is_complex() else as_real(part))
    if not wrong.any():
        return None
    return int(wrong.nonzero()[0 if step > 0 else -1])


def row_major(tensor: Tensor, start: int, stop: int) -> Tensor:
    """The elements `start` to `stop` in row-major order, in one dimension; copies no more than these."""
    if tensor.is_contiguous():
        return tensor.view(-1)[start:stop]
    inner = tensor.numel() // tensor.shape[0]
    first, last = -(-start // inner), stop // inner
    if first > last:
        row = stop // inner
        return row_major(tensor[row], start - row * inner, stop - row * inner)
    parts = [tensor[first:last].reshape(-1)]
    if start % inner:
        parts.insert(0, row_major(tensor[first - 1], start % inner, inner))
    if stop % inner:
        parts.append(row_major(tensor[last], 0, stop % inner))
    return torch.cat(parts)
