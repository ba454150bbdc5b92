"""What is known of the values of one tensor object at one moment, and how they are put back."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Literal

import torch
from torch import Tensor
from torch.nn import Parameter

from ..tensors.plainly import plain
from ..tensors.tensors import is_uninitialised, shape_of, size_in_bytes
from .bits import Unreadable, bits, fingerprint, same_bits

Detail = Literal["copy", "whole", "samples"]


class Lost(Exception):
    """Old values cannot be put back; the text says why."""


class Record:
    """The values of `tensor` when the record was made: a copy, or a fingerprint where there is no room for one."""

    __slots__ = (
        "_bits",
        "_here",
        "_layout",
        "_prints",
        "_reason",
        "_version",
        "alias",
        "copy",
        "how",
        "size",
        "tensor",
    )

    def __init__(self, tensor: Tensor, how: Detail) -> None:
        self.tensor = tensor
        self.how = how
        self.size = 0
        """Bytes that the copy takes."""
        self.alias: Tensor | None = None
        """The same memory, kept in case the tensor is given another (`p.data = …`)."""
        self.copy: Tensor | None = None
        self._here: Tensor | None = None
        self._bits: Tensor | None = None
        self._prints: Tensor | None = None
        self._reason = "there was no room to keep a copy of it"
        self._version = _version(tensor)
        self._layout = _layout(tensor)
        try:
            here = bits(tensor)
            self.alias = plain(tensor).detach()
            if how == "copy":
                self.copy = self.alias.clone()
                shares = self._layout is not None and here.data_ptr() == self._layout[0]
                as_it_lies = shares and here.shape == tensor.shape
                self._bits = self.copy.view(here.dtype) if as_it_lies else bits(self.copy)
                self.size = size_in_bytes(tensor) or 0
                self._here = here if shares else None  # resolved or unpacked bits would not follow the tensor
            else:
                self._prints = fingerprint(tensor, whole=how == "whole")
        except Unreadable as exc:
            self.alias, self._reason = None, str(exc)
        except Exception as exc:  # kinds that torch cannot copy; no memory for it: the console must go on
            self.alias = self.copy = self._here = self._bits = None
            self.size, self._reason = 0, f"torch cannot copy it: {str(exc).partition(chr(10))[0][:200]}"

    def changed(self) -> bool:
        """Whether the tensor's values are not what they were."""
        if self._here is not None and self._bits is not None and _layout(self.tensor) == self._layout:
            return not torch.equal(self._here, self._bits)
        return self.differs(self.tensor)

    def flat(self, most: int) -> tuple[Tensor, Tensor] | None:
        """The integers in the tensor's memory and those of the copy, in one dimension each.

        None for a tensor of more than `most` elements, on another device than the processor, or in scattered memory.
        """
        here, copied = self._here, self._bits
        if type(self.tensor) is not Tensor and type(self.tensor) is not Parameter:
            return None
        if here is None or copied is None or here.numel() > most or not here.is_cpu:
            return None
        if not (here.is_contiguous() and copied.is_contiguous()) or _layout(self.tensor) != self._layout:
            return None
        return here.view(-1), copied.view(-1)

    def differs(self, tensor: Tensor) -> bool:
        """Whether the values of `tensor`, maybe another object, are not those of the record."""
        if self.alias is None:
            if tensor is not self.tensor:
                return not tensor.is_meta
            return _version(tensor) != self._version or _layout(tensor) != self._layout
        if tensor.dtype != self.alias.dtype or shape_of(tensor) != tuple(self.alias.shape):
            return True
        with torch.no_grad():
            try:
                if self._bits is not None:
                    return not same_bits(bits(tensor), self._bits)
                assert self._prints is not None
                return not same_bits(fingerprint(tensor, whole=self.how == "whole"), self._prints)
            except (Unreadable, RuntimeError):
                return True

    def moved_bytes(self) -> int:
        """Bytes of old memory that only this record keeps alive, because the tensor was given another."""
        if self.alias is None or _layout(self.tensor) == self._layout:
            return 0
        return size_in_bytes(self.alias) or 0

    def restore(self) -> None:
        """Put the values back into the same object, and the object back on its old memory; raises `Lost`."""
        if self.copy is None or self.alias is None:
            raise Lost(self._reason)
        try:
            with _writing(self.tensor):
                if _layout(self.tensor) != self._layout:
                    self.tensor.data = self.alias
                self.tensor.copy_(self.copy)
        except Exception as exc:  # memory that several elements share (`expand`), say
            raise Lost(str(exc).split("\n")[0]) from exc


def _writing(tensor: Tensor) -> AbstractContextManager[object]:
    return torch.inference_mode() if tensor.is_inference() else torch.no_grad()


def _version(tensor: Tensor) -> int:
    """How often autograd knows it to have been written to; -1 where nobody counts."""
    tensor = plain(tensor)  # which counts in common with it
    return -1 if is_uninitialised(tensor) or tensor.is_inference() else tensor._version


def _layout(tensor: Tensor) -> tuple[object, ...] | None:
    """Where the elements lie and how they are read; None for what has no memory of its own."""
    tensor = plain(tensor)
    try:
        return tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype, tensor.device
    except (RuntimeError, ValueError, NotImplementedError):
        return None
