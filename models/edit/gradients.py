"""Gradients as they were before something that may change them, so that it can be taken back."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from ..inspect.tensors import size_in_bytes
from .record import Lost


class GradientRecord:
    """The `.grad` of one parameter: the object it was, and a copy of its values where there is room."""

    __slots__ = ("_pointer", "_version", "copy", "gradient", "size", "tensor")

    def __init__(self, tensor: Tensor, room: int) -> None:
        self.tensor = tensor
        self.gradient = tensor.grad
        self.copy: Tensor | None = None
        self.size = 0
        if self.gradient is not None:
            self._version, self._pointer = _state(self.gradient)
            size = size_in_bytes(self.gradient)
            if size is not None and size <= room:
                self.copy, self.size = self.gradient.detach().clone(), size

    def changed(self) -> bool:
        """Whether the parameter has another gradient, or the same one was written to."""
        now = self.tensor.grad
        if now is not self.gradient:
            return True
        return now is not None and _state(now) != (self._version, self._pointer)

    def restore(self) -> None:
        """Give the parameter its old gradient back; raises `Lost`."""
        if self.gradient is not None and _state(self.gradient) != (self._version, self._pointer):
            if self.copy is None:
                raise Lost("there was no room to keep a copy of its gradient")
            with torch.no_grad():
                self.gradient.copy_(self.copy)
        try:
            self.tensor.grad = self.gradient
        except RuntimeError as exc:  # the parameter has another shape or device by now
            raise Lost(str(exc).split("\n")[0]) from exc


def _state(gradient: Tensor) -> tuple[int, object]:
    version = -1 if gradient.is_inference() else gradient._version
    try:
        return version, gradient.data_ptr()
    except RuntimeError:  # a sparse gradient has no memory of its own
        return version, None


def record_all(tensors: Iterable[Tensor], before: dict[int, GradientRecord], limit: int) -> dict[int, GradientRecord]:
    """Records by identity of the leaves among `tensors`, at most `limit` bytes of copies in all.

    What did not change since `before` is taken over from there, copy included.
    """
    records: dict[int, GradientRecord] = {}
    room = limit
    for tensor in tensors:
        if not tensor.is_leaf or (tensor.grad is None and not tensor.requires_grad):
            continue
        record = before.get(id(tensor))
        if record is None or record.tensor is not tensor or record.changed():
            record = GradientRecord(tensor, room)
        room -= record.size
        records[id(tensor)] = record
    return records
