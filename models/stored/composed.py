"""A tensor that is stored in parts, and is one tensor all the same.

Sparse, nested and quantised tensors, a weight with its scales, packed ones: whoever reads them, of whatever format,
makes one `Composed` of the parts, with the shape and the number of elements of the weight itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..messages import Absence
from ..tensors.readable import Readable, Unsupported
from .dtypes import DType
from .stored import InStrides, Stored, StoredKind

if TYPE_CHECKING:
    from torch import Tensor

    from ..tensors.matrix import Rectangle
    from ..tensors.statistics.stream import Stream

Notes = list[tuple[str, str]]
"""Facts for the Info pane, label and text."""
UNPACKED_LIMIT = 2**28
"""Elements up to which a tensor is unpacked to be looked at: a gigabyte of float32."""


class Composed(Stored):
    """One tensor of several parts.

    Its elements are those of the part named `main`, where one has an element for each of them; else `unpack` returns
    them all; without either they cannot be read, and the first of the notes says what it is.
    """

    __slots__ = ("_notes", "_unpack", "in_groups", "main", "parts")

    def __init__(
        self,
        path: str,
        shape: tuple[int, ...],
        dtype: DType,
        parts: Mapping[str, Stored],
        notes: Notes,
        kind: StoredKind | None = None,
        *,
        main: str = "",
        unpack: Callable[[Composed], Tensor] | None = None,
    ) -> None:
        """Describe a tensor; nothing is read.  With `main`, shape and dtype are those of that part."""
        super().__init__(path, shape, dtype, kind)
        self.parts = parts
        """What is stored, by names that stand in Info: `values`, `model.q_proj.scales`."""
        self.main = parts[main] if main else None
        """The part that has an element for each of the tensor's own; None where there is none."""
        self.in_groups = False
        """Whether its shape is that of its groups: that of the network's weight is not in the file."""
        self._notes = notes
        self._unpack = unpack

    @property
    def nbytes(self) -> int:
        """Return the bytes of all parts."""
        return sum(part.nbytes for part in self.parts.values())

    @property
    def place(self) -> str:
        """Return where its main part lies, or its first one."""
        first = self.main or next(iter(self.parts.values()), None)
        return "" if first is None else first.place

    @property
    def storage(self) -> object:
        """Return the key of the storage of its main part, or of its first one."""
        first = self.main or next(iter(self.parts.values()), None)
        return None if first is None else first.storage

    @property
    def notes(self) -> Notes:
        """Return what it is, then what its main part has to say."""
        return [*self._notes, *(() if self.main is None else self.main.notes)]

    @property
    def item_bytes(self) -> float:
        """Return the bytes of all parts for each element."""
        return self.nbytes / max(self.elements, 1)

    @property
    def absence(self) -> tuple[Absence, str]:
        """Return why elements cannot be read and a sentence on it; two empty strings where they can."""
        if self.main is not None:
            return self.main.absence
        if self._unpack is None:
            what = self._notes[0][1] if self._notes else self.dtype.name
            return "unsupported", f"its numbers are not unpacked here ({what}); Info lists its parts"
        if self.elements > UNPACKED_LIMIT:
            return "unsupported", f"{self.elements:,} elements are too many to be unpacked; Info lists its parts"
        return "", ""

    @property
    def without_torch(self) -> bool:
        """Return whether a part has the elements as they are."""
        return self.main is not None

    @property
    def in_strides(self) -> InStrides | None:
        """Return its main part as a strided tensor; None where it is none."""
        return None if self.main is None else self.main.in_strides

    @property
    def stored_parts(self) -> Sequence[Readable]:
        """Return its parts."""
        return list(self.parts.values())

    def flat(self, start: int, stop: int) -> bytes | memoryview:
        """Return elements as bytes: those of the main part, else unpacked; see `Stored.flat`."""
        if self.main is not None:
            return self.main.flat(start, stop)
        import torch

        piece = self.unpacked().piece(start, stop).contiguous()
        return bytes(piece.view(torch.uint8).numpy().tobytes()) if piece.numel() else b""

    def unpacked(self) -> Readable:
        """Return the elements ready for many reads: unpacked, where no part has them.

        Raises:
            Unreadable: they cannot be unpacked, or a file changed, vanished or cannot be read.
        """
        if self.main is not None:
            return self.main.unpacked()
        reason = self.absence[1]
        if self._unpack is None or reason:
            raise Unsupported(reason)
        from ..tensors.torch_readable import TorchReadable

        return TorchReadable(self._unpack(self))

    def piece(self, start: int, stop: int) -> Tensor:
        """Return the elements `start` to `stop` as a one-dimensional CPU tensor; see `Readable.piece`."""
        return super().piece(start, stop) if self.main is not None else self.unpacked().piece(start, stop)

    def numbers(self, start: int, stop: int) -> list[Any]:
        """Return the elements `start` to `stop` as Python numbers; see `Readable.numbers`."""
        return super().numbers(start, stop) if self.main is not None else self.unpacked().numbers(start, stop)

    def rectangle(self, part: Rectangle) -> list[Any]:
        """Return the elements of a rectangle as Python numbers; see `Readable.rectangle`."""
        return super().rectangle(part) if self.main is not None else self.unpacked().rectangle(part)

    def stream(self) -> Stream:
        """Return all elements as a stream of blocks; see `Readable.stream`."""
        return super().stream() if self.main is not None else self.unpacked().stream()
