"""Tensors of quantised blocks: the blocks that are asked for become numbers, by the `gguf` package."""

from __future__ import annotations

from collections.abc import Callable

from ...stored.dtypes import DType
from ...stored.file import DataFile
from ...stored.stored import Stored, Unreadable

_AT_ONCE = 1 << 18
"""Elements that are dequantised at a time: what numpy needs meanwhile is some times their size."""


class Quantised(Stored):
    """Blocks in a row in one file; `flat` gives float32.

    A row of the tensor is whole blocks, so a block holds elements that follow each other.
    """

    __slots__ = ("_code", "_file", "_offset")

    def __init__(
        self, path: str, shape: tuple[int, ...], dtype: DType, file: DataFile, offset: int, *, code: int
    ) -> None:
        """`code` is ggml's number of the type."""
        self.path = path  # not by the base class: there may be a million
        self.shape = shape
        self.dtype = dtype
        self.kind = None
        self._file = file
        self._offset = offset
        self._code = code

    @property
    def nbytes(self) -> int:
        return self.dtype.bytes_for(self.elements)

    @property
    def place(self) -> str:
        return f"{self._file.name} @ {self._offset:,}"

    @property
    def notes(self) -> list[tuple[str, str]]:
        unit, each = self.dtype.unit, self.dtype.per_unit
        bits = f"{unit * 8 / each:.4g}"
        return [("Quantised", f"{self.dtype.name}: {each} elements in {unit} bytes, {bits} bits an element")]

    def flat(self, start: int, stop: int) -> bytes | memoryview:
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


def _dequantiser(code: int, name: str) -> Callable[[bytes], bytes]:
    """What turns whole blocks into little-endian float32; raises Unreadable where the package cannot."""
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
