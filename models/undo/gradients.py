"""Gradients as they were before something that may change them, so that it can be undone."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..live.gradient_access import GRADIENTS, Unread
from ..tensors.distributed import is_distributed, local_part
from ..tensors.tensors import dtype_text, shape_of, shape_text, size_in_bytes
from .bits import BitsUnreadable, bits, same_bits
from .record import RestoreError, layout


class GradientRecord:
    """The `.grad` of one parameter: the object, or None, and a copy of its values of at most `limit` bytes."""

    __slots__ = ("_alias", "_layout", "_pointer", "_version", "copy", "gradient", "size", "tensor")

    def __init__(self, tensor: Tensor, gradient: Tensor | None, limit: int = 0) -> None:
        self.tensor = tensor
        self.gradient = gradient
        self.copy: Tensor | None = None
        self.size = 0
        if gradient is not None:
            self._version, self._pointer = _state(gradient)
            distributed = is_distributed(gradient)
            self._layout = None if distributed else layout(gradient)
            self._alias = None if distributed else gradient.detach()
            """The same memory, in case the gradient is given another (`net.half()` does that)."""
            size = size_in_bytes(gradient)
            if size is not None and size <= limit:
                self.copy, self.size = local_part(gradient).detach().clone(), size

    def matches(self, gradient: Tensor | None) -> bool:
        """Return whether `gradient` is the object of the record, and was not written to since."""
        if gradient is None or gradient is not self.gradient:
            return gradient is self.gradient
        return _state(gradient) == (self._version, self._pointer)

    def differs(self, gradient: Tensor | None) -> bool:
        """Return whether `gradient` is another object, or holds other values as far as there is a copy."""
        if self.matches(gradient):
            return False
        if gradient is None or gradient is not self.gradient or self.copy is None or self._alias is None:
            return True
        if layout(gradient) != self._layout:
            return True
        try:
            return not same_bits(bits(gradient), bits(self.copy))
        except BitsUnreadable:
            return True

    def restore(self) -> None:
        """Give the parameter its old gradient back.

        Raises:
            RestoreError: another thread trains it, there is no copy, or the gradient no longer fits.
        """
        if not GRADIENTS.may_write():
            raise RestoreError("a thread of the program trains it")
        if self.gradient is not None and not self.matches(self.gradient):
            if self.copy is None:
                raise RestoreError("there was no room to keep a copy of its gradient")
            with torch.no_grad():
                if self._alias is not None and layout(self.gradient) != self._layout:
                    self.gradient.data = self._alias
                local_part(self.gradient).copy_(self.copy)
        try:
            self.tensor.grad = self.gradient
        except RuntimeError as exc:  # the parameter has another shape, dtype or device by now
            raise RestoreError(_misfit(self.tensor, self.gradient) or str(exc).split("\n")[0].split(". ")[0]) from exc


class GradientRecords:
    """Records of the gradients of `tensors` as they are now, with at most `limit` bytes of copies in all.

    Those that did not change since `before` are taken from there, copy included.
    """

    def __init__(self, tensors: list[Tensor], before: GradientRecords | None, limit: int) -> None:
        self._tensors = tensors
        self._records: dict[int, GradientRecord] = {}
        """By identity of the tensor, for those with a gradient: mostly there are none, which is quick to test."""
        known = {} if before is None else before._records
        remaining = limit
        gradients = _gradients(tensors)
        self.are_known = gradients is not None
        """False where another thread trains, whose gradients may be neither read nor restored."""
        for tensor, gradient in zip(tensors, gradients or [], strict=self.are_known):
            if gradient is None:
                continue
            record = known.get(id(tensor))
            if record is None or record.tensor is not tensor or not record.matches(gradient):
                record = GradientRecord(tensor, gradient, remaining)
            remaining -= record.size
            self._records[id(tensor)] = record

    def changed(self) -> list[GradientRecord]:
        """Return the records of the tensors that have another gradient now, or whose gradient holds other values."""
        gradients = _gradients(self._tensors) if self.are_known else None
        if gradients is None:
            return []
        if not self._records and all(gradient is None for gradient in gradients):
            return []
        found = []
        for tensor, gradient in zip(self._tensors, gradients, strict=True):
            record = self._records.get(id(tensor))
            if record is None:
                if gradient is not None:
                    found.append(GradientRecord(tensor, None))
            elif record.differs(gradient):
                found.append(record)
        return found


def _misfit(tensor: Tensor, gradient: Tensor | None) -> str:
    """Return in a few words why torch refuses a gradient; empty where it is neither dtype nor shape."""
    if gradient is None:
        return ""
    if gradient.dtype != tensor.dtype:
        return f"its gradient is {dtype_text(gradient)}, and it is {dtype_text(tensor)} now"
    if shape_of(gradient) != shape_of(tensor):
        return f"its gradient is {shape_text(gradient)}, and it is {shape_text(tensor)} now"
    return ""


def _gradients(tensors: Sequence[Tensor]) -> list[Tensor | None] | None:
    """Return the gradients as they are now; None where another thread may write them."""
    gradients, note = GRADIENTS.take(tensors, wait=False)
    return None if note else [None if isinstance(gradient, Unread) else gradient for gradient in gradients]


def _state(gradient: Tensor) -> tuple[int, object]:
    version = -1 if gradient.is_inference() else gradient._version
    try:
        return version, gradient.data_ptr()
    except RuntimeError:  # a sparse gradient has no memory of its own
        return version, None
