"""Gradients: whether a tensor has one, why not, and how long it is."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..messages import GradientRow
from ..tensors.absence import NO_GRADIENT, absence_of
from ..tensors.distributed import local_part
from ..tensors.lattice import repeats_much
from ..tensors.overlap import multiplicity, shown_once, span_piece
from ..tensors.plainly import attribute
from ..tensors.reading import real64
from ..tensors.statistics.chunks import chunks
from ..tensors.tensors import element_count, requires_grad
from ..tensors.torch_readable import readable_of
from ..work.cancelled import Cancelled, ShouldCancel, never
from ..work.one_thread import one_thread
from .gradient_access import GRADIENTS, UNREAD, Gradient

FROZEN = "no gradient: requires_grad is False, so backward leaves it out"
"""The reason for a frozen parameter."""


UNREACHED = "no gradient (None): the backward that reached other parameters did not reach it"
"""The sentence on a gradient that is None where others are there."""


def why_no_gradient(tensor: Tensor, after_backward: bool = False) -> str:
    """Return a sentence on why `tensor`, whose `.grad` is None, has no gradient.

    `after_backward` says whether another tensor of the network has one.
    """
    if not requires_grad(tensor):
        return FROZEN
    if not attribute(tensor, "is_leaf"):
        return "no gradient: it is the result of an operation, and backward keeps gradients of leaf tensors only"
    return UNREACHED if after_backward else NO_GRADIENT


def gradient_row(path: str, parameter: Tensor, should_cancel: ShouldCancel = never) -> GradientRow:
    """Return state and L2 norm of a parameter's gradient as it is now; see `row_of_gradient`."""
    return row_of_gradient(path, parameter, GRADIENTS.take([parameter]).gradients[0], should_cancel)


def row_of_gradient(
    path: str, parameter: Tensor, gradient: Gradient, should_cancel: ShouldCancel = never
) -> GradientRow:
    """Return state and L2 norm of a gradient that was read before; None is no norm, or one that cannot be computed.

    Of a gradient that lies on several ranks it is the norm of this rank's part.  An existing gradient is reported even
    if the parameter was frozen since.

    Raises:
        Cancelled: `should_cancel` returned True.
    """
    size = element_count(parameter) or 0
    if isinstance(gradient, Tensor):
        norm = l2_norm(gradient, should_cancel)
        return GradientRow(path=path, state="zero" if norm == 0 else "value", norm=norm, size=size)
    if gradient is UNREAD:
        return GradientRow(path=path, state="unread", size=size)
    return GradientRow(path=path, state="none" if requires_grad(parameter) else "frozen", size=size)


@one_thread()
def l2_norm(tensor: Tensor, should_cancel: ShouldCancel = never) -> float | None:
    """Return the root of the sum of squares, accumulated in float64; NaN or infinity if the tensor holds such.

    None if its elements cannot be read.  Sparse tensors of any size are read by their stored values.

    Raises:
        Cancelled: `should_cancel` returned True.
    """
    tensor = local_part(tensor)
    try:
        if tensor.layout == torch.sparse_coo and not tensor.is_meta:
            return l2_norm(tensor.detach().coalesce().values(), should_cancel)
        if absence_of(tensor)[0]:
            return None
        readable, repeats = shown_once(readable_of(tensor).unpacked())
        if readable.strides is not None and repeats_much(readable.shape, readable.strides):
            weights = multiplicity(readable.shape, readable.strides)
            shown = weights.nonzero().view(-1)
            stored = real64(span_piece(readable))[shown]
            return math.sqrt(float(weights[shown].double().dot(stored.square())) * repeats)
        squares = 0.0
        for _, read in readable.stream().blocks():
            for chunk in chunks(read()):
                if should_cancel():
                    raise Cancelled
                flat = real64(chunk)
                squares += float(flat.dot(flat))
    except Cancelled:
        raise
    except Exception:  # a foreign subclass may raise anything
        return None
    return math.sqrt(squares * repeats)
