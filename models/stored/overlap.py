"""Stored tensors that show few stored elements many times: what is known of all comes from those that are stored.

Importing this imports no torch, which what is made of them needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..tensors.lattice import SPAN, repeated, repeats_much, span_of, too_wide_text, without
from .stored import InStrides, Stored

if TYPE_CHECKING:
    from torch import Tensor


def once(stored: Stored, axes: frozenset[int] | None = None) -> tuple[Stored, int]:
    """A tensor without what is repeated along the dimensions `axes`, and how often each of its elements stands there.

    `axes` None: all along which something is repeated.
    """
    found = stored.in_strides
    if found is None:
        return stored, 1
    shape, times = without(found.shape, repeated(found.shape, found.stride) if axes is None else axes)
    return (found.part((0,) * len(shape), shape), times) if times > 1 else (stored, 1)


def overlapping(stored: Stored) -> InStrides | None:
    """The tensor, if it is not to be walked through because its elements are shown so often; else None."""
    found = stored.in_strides
    return found if found is not None and repeats_much(found.shape, found.stride) else None


def too_wide(stored: InStrides) -> str:
    """Why a tensor cannot be read as one view: too much of it is stored; empty where it can."""
    size = span_of(stored.shape, stored.stride)
    return too_wide_text(stored.elements, size) if size > SPAN else ""


def view_of(stored: InStrides) -> Tensor:
    """All its elements, as a view of memory that holds no more than what is stored; raises as `span_values`."""
    return span_values(stored).as_strided(stored.shape, stored.stride)


def span_values(stored: InStrides) -> Tensor:
    """What is stored from its first to its last element.

    Raises:
        Unreadable: the file changed, vanished or cannot be read.
    """
    from .torch_pieces import torch_piece

    span = stored.span()
    return torch_piece(span, 0, span.elements)
