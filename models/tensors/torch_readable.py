"""Live tensors read piece by piece: parameters, buffers and gradients, of any class and on any device.

Of a tensor that is distributed over ranks this rank's part is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..messages import Absence
from .absence import NO_GRADIENT, absence_of
from .distributed import local_part
from .lattice import span_of
from .overlap import strides_of
from .plainly import attribute, plain, plainly
from .readable import Absent, ElementKind, Readable, Unreadable, Unsupported
from .reading import error_text, strided
from .tensors import dtype_text, shape_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .matrix import Rectangle
    from .statistics.stream import Stream


@plainly
def readable_of(tensor: Tensor | None, missing: str = NO_GRADIENT) -> Readable:
    """Return a tensor, a parameter or a gradient, to be read; `missing` is the sentence on why it is None."""
    absence, reason = absence_of(tensor, missing)
    if tensor is None or absence == "uninitialised":
        return Absent(absence, reason)
    return TorchReadable(tensor, absence, reason)


class TorchReadable(Readable):
    """A live tensor that has a shape; `absence` and `reason` are the results of `absence_of`."""

    __slots__ = ("_absence", "_tensor", "shape")

    def __init__(self, tensor: Tensor, absence: Absence = "", reason: str = "") -> None:
        local = local_part(tensor)
        self._absence: tuple[Absence, str] = absence, reason
        self._tensor = plain(local)
        self.shape = shape_of(local) or ()

    @property
    def absence(self) -> tuple[Absence, str]:
        """Return why elements cannot be read and a sentence for the user; two empty strings where they can."""
        return self._absence

    @property
    def dtype_name(self) -> str:
        """Return the name of the dtype, `float32`; of a quantised tensor the one it is stored in, `qint8`."""
        return dtype_text(self._tensor)

    @property
    def dtype_read(self) -> str:
        """Return the name of the dtype that elements are read as: `float32` for a quantised tensor."""
        return "float32" if attribute(self._tensor, "is_quantized") else self.dtype_name

    @property
    def element_kind(self) -> ElementKind:
        """Return the kind of number that elements are read as."""
        dtype, is_quantized = (attribute(self._tensor, name) for name in ("dtype", "is_quantized"))
        if dtype.is_complex:
            return "complex"
        if dtype == torch.bool:
            return "bool"
        return "float" if dtype.is_floating_point or is_quantized else "int"

    @property
    def item_bytes(self) -> float:
        """Return the bytes of one element in memory."""
        return int(attribute(self._tensor, "itemsize"))

    @property
    def strides(self) -> tuple[int, ...] | None:
        """Return the strides in elements; None for a sparse, quantised or nested tensor, or one whose class fails."""
        try:
            with self._own_errors():
                return strides_of(self._tensor) if self._is_strided else None
        except Unreadable:
            return None

    @property
    def _is_strided(self) -> bool:
        """Return whether the elements lie in memory at regular strides; not where it is sparse or quantised."""
        tensor = self._tensor
        return tensor.layout is torch.strided and not tensor.is_quantized and not tensor.is_nested

    def piece(self, start: int, stop: int) -> Tensor:
        """Return the elements `start` to `stop` in one dimension, a view where possible; see `Readable.piece`."""
        with self._own_errors():
            return flat_part(strided(self._tensor), start, stop)

    def numbers(self, start: int, stop: int) -> list[Any]:
        """Return the elements `start` to `stop` as Python numbers; see `Readable.numbers`."""
        with self._own_errors():
            return _as_list(self.piece(start, stop))

    def rectangle(self, part: Rectangle) -> list[Any]:
        """Return the elements of a rectangle row by row; only these are copied and moved to the CPU."""
        down, across = slice(part.row, part.row + part.rows), slice(part.column, part.column + part.columns)
        with self._own_errors():
            return _as_list(strided(self._tensor)[_index_of(self.shape, part.leading, down, across)])

    def stream(self) -> Stream:
        """Return all elements as a stream of views, in the order in which they lie in memory."""
        from .statistics.tensor_stream import tensor_stream

        with self._own_errors():
            return tensor_stream(strided(self._tensor))

    def part(self, first: tuple[int, ...], shape: tuple[int, ...]) -> Readable:
        """Return a box of the tensor, a view; see `Readable.part`."""
        return TorchReadable(self._tensor[tuple(slice(at, at + size) for at, size in zip(first, shape, strict=True))])

    def span(self) -> Readable:
        """Return the stored elements from first to last in one dimension, a view; see `Readable.span`."""
        tensor = self._tensor
        return TorchReadable(tensor.as_strided((span_of(tensor.shape, tensor.stride()),), (1,)))

    def unpacked(self) -> Readable:
        """Return this tensor, or a strided copy of a sparse or quantised one."""
        with self._own_errors():
            return self if self._is_strided else TorchReadable(strided(self._tensor))

    def error_text(self, error: Exception) -> str:
        """Return a sentence on any error: a foreign subclass raises what it likes, whenever it is read."""
        return error_text(error)

    @contextmanager
    def _own_errors(self) -> Iterator[None]:
        try:
            with torch._C.DisableTorchFunction():
                yield
        except Unreadable:
            raise
        except Exception as error:  # a foreign subclass raises what it likes
            raise Unsupported(error_text(error)) from error


def flat_part(tensor: Tensor, start: int, stop: int) -> Tensor:
    """Return the elements `start` to `stop` in row-major order, in one dimension.

    A view where the tensor is contiguous; else no more than the part itself is copied.
    """
    if tensor.is_contiguous():
        return tensor.reshape(-1)[start:stop]
    if start == stop:
        return tensor.new_empty(0)
    inner = tensor.numel() // tensor.shape[0]
    first, last = -(-start // inner), stop // inner
    if first > last:  # within one index
        return flat_part(tensor[last], start - last * inner, stop - last * inner)
    parts = [tensor[first:last].reshape(-1)]
    if start < first * inner:
        parts.insert(0, flat_part(tensor[first - 1], start - (first - 1) * inner, inner))
    if stop > last * inner:
        parts.append(flat_part(tensor[last], 0, stop - last * inner))
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def _index_of(shape: Sequence[int], leading: Sequence[int], rows: slice, columns: slice) -> tuple[int | slice, ...]:
    """Return the index expression of a rectangle, for any number of dimensions."""
    last = [rows, columns] if len(shape) > 1 else [columns][: len(shape)]
    return (*leading, *last)


def _as_list(part: Tensor) -> list[Any]:
    """Return the elements as Python numbers, booleans as 0 and 1: messages hold no bool among numbers."""
    numbers: list[Any] = part.cpu().reshape(-1).tolist()
    return list(map(int, numbers)) if part.dtype == torch.bool else numbers
