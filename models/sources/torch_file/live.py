"""A tensor that torch has loaded, read as those in files are.  Imported only when torch is."""

from __future__ import annotations

import ctypes

import torch

from ...stored.dtypes import DTYPES, DType
from ...stored.stored import Stored, StoredKind
from ...stored.strided import boxes
from ...tensors.readable import Unreadable


class Live(Stored):
    """A strided tensor in the processor's memory, or one of the meta device, which has no values.

    `shared`: another tensor of the checkpoint views the same storage.
    """

    __slots__ = ("_shared", "tensor")

    def __init__(
        self, path: str, tensor: torch.Tensor, dtype: DType, kind: StoredKind | None = None, shared: bool = False
    ) -> None:
        super().__init__(path, tuple(tensor.shape), dtype, kind)
        self.tensor = tensor.detach()
        self._shared = shared

    @property
    def nbytes(self) -> int:
        """Return the bytes of its elements."""
        return self.dtype.bytes_for(self.elements)

    @property
    def place(self) -> str:
        """Return where in memory it lies, and the strides where they are not the common ones."""
        if self.tensor.device.type == "meta":
            return "meta device, no values"
        strides = "" if self.tensor.is_contiguous() else f", strides {', '.join(map(str, self.tensor.stride()))}"
        return f"memory of the engine @ {self.tensor.data_ptr():#x}{strides}"

    @property
    def storage(self) -> object:
        """Return what stands for its memory; None where no other tensor has it too."""
        return ("memory", self.tensor.untyped_storage().data_ptr()) if self._shared else None

    def flat(self, start: int, stop: int) -> bytes:
        """Return the elements `start` to `stop` as bytes; see `Stored.flat`.  Raise Unreadable on the meta device."""
        if self.tensor.device.type == "meta":
            raise Unreadable("this tensor is on the meta device: it has a shape, but no values")
        return b"".join(self._box(first, sizes) for first, sizes in boxes(self.shape, start, stop))

    def _box(self, first: tuple[int, ...], sizes: tuple[int, ...]) -> bytes:
        part = self.tensor.resolve_conj().resolve_neg()
        for axis, (begin, size) in enumerate(zip(first, sizes, strict=True)):
            part = part.narrow(axis, begin, size)
        part = part.contiguous()
        return ctypes.string_at(part.data_ptr(), part.numel() * part.element_size())


def live(path: str, tensor: torch.Tensor, kind: StoredKind | None = None, shared: bool = False) -> Live | None:
    """Return `tensor` to be read; None where it is sparse, nested, or of less than a byte an element."""
    if tensor.layout != torch.strided or tensor.is_nested:
        return None
    if tensor.is_quantized:
        name, tensor = str(tensor.dtype), tensor.int_repr()
    else:
        name = str(tensor.dtype)
    dtype = DTYPES.get(name.removeprefix("torch."))
    if dtype is None or dtype.per_unit > 1 or dtype.unit != tensor.element_size():
        return None
    return Live(path, tensor, dtype, kind, shared)
