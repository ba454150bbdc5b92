"""Tensors of quantised blocks: the blocks that are looked at become float32, by the `gguf` package."""

from __future__ import annotations

from collections.abc import Callable

from ...messages import Absence
from ...stored.dtypes import DType
from ...stored.file import DataFile
from ...stored.stored import Stored
from ...tensors.readable import Unreadable, Unsupported

_AT_ONCE = 1 << 18
"""Elements that are dequantised at a time: what NumPy needs meanwhile is some times their size."""


class Quantised(Stored):
    """Blocks in a row in one file; `flat` gives float32.

    A row of the tensor is whole blocks, so a block holds elements that follow each other.
    """

    __slots__ = ("_code", "_file", "_offset")

    def __init__(
        self, path: str, shape: tuple[int, ...], dtype: DType, file: DataFile, offset: int, *, code: int
    ) -> None:
        """Describe the tensor whose blocks begin at byte `offset` of `file`; `code` is ggml's of the type."""
        self.path = path  # not by the base class: there may be a million
        self.shape = shape
        self.dtype = dtype
        self.kind = None
        self._file = file
        self._offset = offset
        self._code = code

    @property
    def nbytes(self) -> int:
        """Return the bytes of its blocks."""
        return self.dtype.bytes_for(self.elements)

    @property
    def place(self) -> str:
        """Return the file, and the offset of its first block in bytes: `model.gguf @ 4,096`."""
        return f"{self._file.name} @ {self._offset:,}"

    @property
    def notes(self) -> list[tuple[str, str]]:
        """Return what its blocks are: how many elements in how many bytes."""
        unit, each = self.dtype.unit, self.dtype.per_unit
        bits = f"{unit * 8 / each:.4g}"
        return [("Quantised", f"{self.dtype.name}: {each} elements in {unit} bytes, {bits} bits an element")]

    def flat(self, start: int, stop: int) -> bytes | memoryview:
        """Return the elements `start` to `stop` as little-endian float32, from the blocks that hold them.

        Raises:
            Unreadable: as `Stored.flat`; also where the `gguf` package is not there, or does not know the type.
        """
        if start == stop:
            return b""
        dequantise = _dequantiser(self._code, self.dtype.name)
        each, unit = self.dtype.per_unit, self.dtype.unit
        first, last = start // each, -(-stop // each)
        step = max(1, _AT_ONCE // each)
        numbers = bytearray()
        for block in range(first, last, step):
            count = min(step, last - block)
            numbers += dequantise(self._file.read(self._offset + block * unit, count * unit))
        skipped = (start - first * each) * 4
        return memoryview(numbers)[skipped : skipped + (stop - start) * 4]


class OfUnknownType(Stored):
    """A tensor of a type that is not known: its name, shape and place are, its numbers are not."""

    __slots__ = ("_file", "_offset", "nbytes")
    nbytes: int

    def __init__(
        self, path: str, shape: tuple[int, ...], dtype: DType, file: DataFile, offset: int, nbytes: int
    ) -> None:
        """Describe the tensor at byte `offset` of `file`, which has `nbytes` up to the next one."""
        super().__init__(path, shape, dtype)
        self._file = file
        self._offset = offset
        self.nbytes = nbytes

    @property
    def place(self) -> str:
        """Return the file, and the offset of its first byte."""
        return f"{self._file.name} @ {self._offset:,}"

    @property
    def notes(self) -> list[tuple[str, str]]:
        """Return that the type is not known, and how its bytes are counted."""
        return [("Type", f"{self.dtype.name} is not known; its bytes are counted up to where the next tensor begins")]

    @property
    def absence(self) -> tuple[Absence, str]:
        """Return the kind of the absence and the reason: the type is not known."""
        return "unsupported", f"{self.dtype.name} is not known: a newer modulescope may read it"

    def flat(self, start: int, stop: int) -> bytes:
        """Raise Unreadable: nobody here knows the type."""
        raise Unsupported(self.absence[1])


def _dequantiser(code: int, name: str) -> Callable[[bytes], bytes]:
    """Return what turns whole blocks into little-endian float32; raise Unreadable where the package cannot."""
    try:
        import numpy
        from gguf.constants import GGMLQuantizationType
        from gguf.quants import dequantize
    except ImportError as error:
        raise Unreadable(f"Values of {name} need the gguf package: pip install 'modulescope[gguf]'") from error
    try:
        kind = GGMLQuantizationType(code)
    except ValueError:
        raise Unreadable(f"Values of {name} need a newer gguf package: pip install --upgrade gguf") from None

    def dequantise(blocks: bytes) -> bytes:
        try:
            # Scales may be NaN or beyond float16; numpy would say so on the screen.
            with numpy.errstate(all="ignore"):
                numbers = dequantize(numpy.frombuffer(blocks, dtype=numpy.uint8), kind)
                return bytes(numbers.astype("<f4", copy=False).tobytes())
        except NotImplementedError as error:
            raise Unreadable(f"The gguf package has no way to turn {name} into numbers yet") from error

    return dequantise
