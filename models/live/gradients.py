"""Gradients: whether a tensor has one, why not, and how long it is."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..messages import GradientRow
from ..tensors.absence import NO_GRADIENT, absence_of
from ..tensors.distributed import local_part
from ..tensors.lattice import repeats_much
from ..tensors.overlap import multiplicity, span, strides_of
from ..tensors.plainly import attribute
from ..tensors.reading import real64, strided
from ..tensors.statistics.chunks import chunks, without_repeats
from ..tensors.tensors import elements, requires_grad
from ..work.cancelled import Cancelled, ShouldCancel, never
from ..work.one_thread import one_thread
from .gradient_access import GRADIENTS, UNREAD, Gradient

FROZEN = "no gradient: requires_grad is False, so backward leaves it out"


def why_no_gradient(tensor: Tensor) -> str:
    """A sentence on why it has no gradient."""
    if not requires_grad(tensor):
        return FROZEN
    if not attribute(tensor, "is_leaf"):
        return "no gradient: it is the result of an operation, and backward keeps gradients of leaf tensors only"
    return NO_GRADIENT


def gradient_of(tensor: Tensor) -> Tensor | None:
    """The gradient as it is now; None too where it cannot be read now."""
    (gradient,) = GRADIENTS.take([tensor]).gradients
    return gradient if isinstance(gradient, Tensor) else None


def gradient_row(path: str, parameter: Tensor, cancelled: ShouldCancel = never) -> GradientRow:
    """State and L2 norm of a parameter's gradient as it is now; raises `Cancelled`."""
    return row_of(path, parameter, GRADIENTS.take([parameter]).gradients[0], cancelled)


def row_of(path: str, parameter: Tensor, gradient: Gradient, cancelled: ShouldCancel = never) -> GradientRow:
    """State and L2 norm of a gradient that was taken; the norm is None where there is none or it cannot be read.

    Of a gradient that lies on several ranks it is the norm of this rank's part.  A gradient that exists is told even
    if the parameter was frozen since.  Raises `Cancelled`.
    """
    size = elements(parameter) or 0
    if isinstance(gradient, Tensor):
        norm = l2_norm(gradient, cancelled)
        return GradientRow(path=path, state="zero" if norm == 0 else "value", norm=norm, size=size)
    if gradient is UNREAD:
        return GradientRow(path=path, state="unread", size=size)
    return GradientRow(path=path, state="none" if requires_grad(parameter) else "frozen", size=size)


@one_thread()
def l2_norm(tensor: Tensor, cancelled: ShouldCancel = never) -> float | None:
    """The root of the sum of squares, in float64; NaN or infinity if the tensor holds such; None if it has no numbers.

    Sparse tensors of any size are read by their stored values.  Raises `Cancelled`.
    """
    tensor = local_part(tensor)
    try:
        if tensor.layout == torch.sparse_coo and not tensor.is_meta:
            return l2_norm(tensor.detach().coalesce().values(), cancelled)
        if absence_of(tensor)[0]:
            return None
        values, repeats = without_repeats(strided(tensor))
        if repeats_much(values.shape, strides_of(values)):
            weights = multiplicity(values.shape, values.stride())
            shown = weights.nonzero().view(-1)
            stored = real64(span(values)).cpu()[shown]
            return math.sqrt(float(weights[shown].double().dot(stored.square())) * repeats)
        squares = 0.0
        for chunk in chunks(values):
            if cancelled():
                raise Cancelled
            numbers = real64(chunk)
            squares += float(numbers.dot(numbers))
    except Cancelled:
        raise
    except Exception:  # a foreign subclass raises what it likes
        return None
    return math.sqrt(squares * repeats)
