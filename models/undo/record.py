"""The values of one tensor at one moment, to compare with and to restore."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Literal

import torch
from torch import Tensor
from torch.nn import Parameter

from ..tensors.plainly import plain
from ..tensors.tensors import is_uninitialised, shape_of, size_in_bytes
from .bits import BitsUnreadable, bits, fingerprint, same_bits

Detail = Literal["copy", "whole", "samples"]
"""How values are recorded: copied, or as a fingerprint (`bits.fingerprint`) of the whole tensor or of samples."""


class RestoreError(Exception):
    """Old values cannot be restored; the text says why."""


class ValueRecord:
    """The values of `tensor` when the record was made, as a copy or a fingerprint."""

    __slots__ = (
        "_bits",
        "_here",
        "_kind",
        "_layout",
        "_lazy",
        "_prints",
        "_reason",
        "_version",
        "alias",
        "copy",
        "detail",
        "size",
        "tensor",
    )

    def __init__(self, tensor: Tensor, detail: Detail) -> None:
        self.tensor = tensor
        self.detail = detail
        self.size = 0
        """Bytes of the copy, 0 without one."""
        self.alias: Tensor | None = None
        """A tensor on the same memory, kept in case `tensor` is given another (`p.data = …`); None if unreadable."""
        self.copy: Tensor | None = None
        """The values; None where there is a fingerprint only."""
        self._here: Tensor | None = None
        self._bits: Tensor | None = None
        self._prints: Tensor | None = None
        self._reason = "there was no room to keep a copy of it"
        self._version = _version(tensor)
        self._kind = type(tensor)
        self._lazy: tuple[torch.dtype, torch.device] | None = None
        """Of a lazy tensor that has no shape yet, what it will be."""
        self._layout = layout(tensor)
        try:
            here = bits(tensor)
            self.alias = plain(tensor).detach()
            if detail == "copy":
                self.copy = self.alias.clone()
                shares = self._layout is not None and here.data_ptr() == self._layout[0]
                as_it_lies = shares and here.shape == tensor.shape
                self._bits = self.copy.view(here.dtype) if as_it_lies else bits(self.copy)
                self.size = size_in_bytes(tensor) or 0
                self._here = here if shares else None  # resolved or unpacked bits would not follow the tensor
            else:
                self._prints = fingerprint(tensor, whole=detail == "whole")
        except BitsUnreadable as exc:
            self.alias, self._reason = None, str(exc)
            if is_uninitialised(tensor):
                self._lazy = tensor.dtype, tensor.device
        except Exception as exc:  # kinds that torch cannot copy, or no memory left: the console must go on
            self.alias = self.copy = self._here = self._bits = None
            self.size, self._reason = 0, f"torch cannot copy it: {str(exc).partition(chr(10))[0][:200]}"

    def changed(self) -> bool:
        """Return whether the tensor's values are not what they were, or lie in its memory in another order."""
        now = layout(self.tensor)
        if self._here is not None and self._bits is not None and now == self._layout:
            return not torch.equal(self._here, self._bits)
        return _is_other_order(self._layout, now) or self.differs(self.tensor)

    def flat(self, limit: int) -> tuple[Tensor, Tensor] | None:
        """Return the elements in the tensor's memory and those of the copy as integers, in one dimension each.

        None without a copy, for more than `limit` elements, off the CPU, and for memory that is not contiguous.
        """
        here, copied = self._here, self._bits
        if type(self.tensor) is not Tensor and type(self.tensor) is not Parameter:
            return None
        if here is None or copied is None or here.numel() > limit or not here.is_cpu:
            return None
        if not (here.is_contiguous() and copied.is_contiguous()) or layout(self.tensor) != self._layout:
            return None
        return here.view(-1), copied.view(-1)

    def differs(self, tensor: Tensor) -> bool:
        """Return whether the values of `tensor`, possibly another object, are not those of the record."""
        if self.alias is None:
            if tensor is not self.tensor:
                return not tensor.is_meta
            return _version(tensor) != self._version or layout(tensor) != self._layout
        if tensor.dtype != self.alias.dtype or shape_of(tensor) != tuple(self.alias.shape):
            return True
        with torch.no_grad():
            try:
                if self._bits is not None:
                    return not same_bits(bits(tensor), self._bits)
                assert self._prints is not None
                return not same_bits(fingerprint(tensor, whole=self.detail == "whole"), self._prints)
            except (BitsUnreadable, RuntimeError):
                return True

    def moved_bytes(self) -> int:
        """Return the bytes of old memory that this record alone keeps alive, as the tensor was given another."""
        if self.alias is None or layout(self.tensor) == self._layout:
            return 0
        return size_in_bytes(self.alias) or 0

    def restore(self) -> None:
        """Restore the values in the same object, and the object on its old memory; a lazy one is lazy again.

        Raises:
            RestoreError: there is no copy, or torch cannot write to the tensor.
        """
        if self._lazy is None and (self.copy is None or self.alias is None) and not self._has_old_memory():
            raise RestoreError(self._reason)
        try:
            with _writing(self.tensor):
                if self._lazy is not None:
                    self.tensor.data = torch.empty(0, dtype=self._lazy[0], device=self._lazy[1])
                elif self.alias is not None and layout(self.tensor) != self._layout:
                    self.tensor.data = self.alias
                if type(self.tensor) is not self._kind:
                    self.tensor.__class__ = self._kind
                if self.copy is not None:
                    self._write(self.copy)
        except Exception as exc:  # memory that several elements share (`expand`) and that was written to, say
            raise RestoreError(str(exc).split("\n")[0]) from exc

    def _write(self, values: Tensor) -> None:
        try:
            self.tensor.copy_(values)
        except RuntimeError:  # of an `expand`; its old memory may well have the values still
            if self.differs(self.tensor):
                raise

    def _has_old_memory(self) -> bool:
        """Return whether the memory that the tensor has left is here, with every value as it was."""
        if self.alias is None or self.detail == "samples" or layout(self.tensor) == self._layout:
            return False
        return not self.differs(self.alias)


def _writing(tensor: Tensor) -> AbstractContextManager[object]:
    return torch.inference_mode() if tensor.is_inference() else torch.no_grad()


def _version(tensor: Tensor) -> int:
    """Return the tensor's version counter; -1 where it has none."""
    tensor = plain(tensor)  # it shares the counter
    return -1 if is_uninitialised(tensor) or tensor.is_inference() else tensor._version


def _is_other_order(before: tuple[object, ...] | None, now: tuple[object, ...] | None) -> bool:
    """Return whether two results of `layout` have one shape and other strides, where those say where elements lie."""
    if before is None or now is None or before[1] != now[1]:
        return False
    (_, shape, strides, *_), (_, _, others, *_) = before, now
    assert isinstance(shape, tuple)
    assert isinstance(strides, tuple)
    assert isinstance(others, tuple)
    return any(size > 1 and one != other for size, one, other in zip(shape, strides, others, strict=True))


def layout(tensor: Tensor) -> tuple[object, ...] | None:
    """Return address, shape, strides, dtype and device; None for what has no memory of its own."""
    tensor = plain(tensor)
    try:
        return tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype, tensor.device
    except Exception:  # a foreign subclass raises what it likes
        return None
