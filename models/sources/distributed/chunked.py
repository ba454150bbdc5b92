"""A tensor of which each rank saved a part: read as the one tensor that it was."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from math import prod

from ...stored.dtypes import DType
from ...stored.stored import InStrides, Stored, StoredKind
from ...tensors.lattice import repeats_much
from ...tensors.readable import Unreadable
from .item import FilePart, tensor_in

NOTE_LIMIT = 256
"""Chunks that are listed one by one, at most."""

Sizes = tuple[int, ...]
"""A shape, or offsets in one: elements along each axis."""


class Chunk:
    """A box of a tensor, by the `offsets` and `sizes` of its axes in elements, and where those elements lie.

    `part` is the item in `file` that holds them; None where there is none, which `missing` explains.
    """

    __slots__ = ("_stored", "file", "missing", "offsets", "part", "sizes")

    def __init__(self, offsets: Sizes, sizes: Sizes, file: str, part: FilePart | None, missing: str = "") -> None:
        self.offsets = offsets
        self.sizes = sizes
        self.file = file
        """The name of the file, whether it is there or not."""
        self.part = part
        self.missing = missing
        """Why there are no numbers; goes on from the file's name: `is not there`."""
        self._stored: Stored | None = None

    def slice_of(self, shape: Sizes) -> str:
        """Return which elements of a tensor of this shape it holds, as Python writes a slice: `[0:512, :]`."""

        def side(at: int, size: int, whole: int) -> str:
            return ":" if size == whole else f"{at:,}:{at + size:,}"

        return f"[{', '.join(map(side, self.offsets, self.sizes, shape))}]"

    def stored(self, tensor: Stored) -> Stored:
        """Return its elements as a tensor by itself, which is looked for when it is first asked for.

        Raises:
            Unreadable: there is none, it is damaged, or it has another shape or dtype than the metadata say.
        """
        if self._stored is None:
            if self.part is None:
                raise Unreadable(f"{self.file} {self.missing}: it holds {self.slice_of(tensor.shape)} of this tensor")
            found = tensor_in(self.part, self.sizes, tensor.dtype)
            if self.sizes != tensor.shape and found.in_strides and repeats_much(found.shape, found.in_strides.stride):
                raise Unreadable(f"{self.file} has a chunk that shows few stored elements many times")
            self._stored = found
        return self._stored


class Chunked(Stored):
    """The whole tensor that the ranks saved parts of.

    `chunks` lie within its shape; where they leave holes or overlap, `fault` says so.  `notes` are a label and a text
    each, shown before which file holds which slice.
    """

    __slots__ = ("_chunks", "_fault", "_notes", "_spans")

    def __init__(
        self,
        path: str,
        shape: Sizes,
        dtype: DType,
        kind: StoredKind | None,
        chunks: list[Chunk],
        *,
        fault: str = "",
        notes: list[tuple[str, str]] | None = None,
    ) -> None:
        super().__init__(path, shape, dtype, kind)
        self._chunks = chunks
        self._fault = fault
        self._notes = notes or []
        self._spans: list[_Span] | None = None

    @property
    def nbytes(self) -> int:
        """Return the bytes of its elements; what torch writes around each chunk is not counted."""
        return sum(self.dtype.bytes_for(prod(chunk.sizes)) for chunk in self._chunks)

    @property
    def place(self) -> str:
        """Return the one file and the offset in it, `__0_0.distcp @ 4,096`, or `4 chunks in 2 files`."""
        files = {chunk.file for chunk in self._chunks}
        if len(self._chunks) == 1:
            part = self._chunks[0].part
            return f"{self._chunks[0].file} @ {part.offset:,}" if part else f"{self._chunks[0].file} (missing)"
        return f"{len(self._chunks):,} chunks in {len(files):,} file{'s' if len(files) != 1 else ''}"

    @property
    def notes(self) -> list[tuple[str, str]]:
        """Return which file holds which slice, a label and a text each, at most `NOTE_LIMIT` of them."""
        if self._is_whole and not self._chunks[0].missing:
            return self._notes
        held = [(chunk.file, self._held(chunk)) for chunk in self._chunks[:NOTE_LIMIT]]
        if len(self._chunks) > NOTE_LIMIT:
            held.append(("More", f"and {len(self._chunks) - NOTE_LIMIT:,} more chunks"))
        return [*self._notes, *held] + ([("Fault", self._fault)] if self._fault else [])

    def flat(self, start: int, stop: int) -> bytes | memoryview:
        """Return the elements `start` to `stop` in row-major order, as little-endian bytes of `dtype.plain`.

        `0 <= start <= stop <= elements`; both are multiples of `dtype.plain.per_unit`, or `stop` is the end.  Only the
        bytes that hold these elements are read (whole blocks where they are quantised).

        Raises:
            Unreadable: the file changed, vanished or cannot be read, or no chunk holds the elements.
        """
        if start == stop:
            return b""
        if self._fault:
            raise Unreadable(self._fault)
        if self._is_whole:
            return self._chunks[0].stored(self).flat(start, stop)
        if self._spans is None:
            self._spans = [_span(chunk, self.shape) for chunk in self._chunks]
        out = bytearray(self.dtype.bytes_for(stop - start))
        for span in self._spans:
            if span.first < stop and span.end > start:
                _copy(span, self, out, start, stop)
        return memoryview(out)

    @property
    def in_strides(self) -> InStrides | None:
        """Return the strides of the only chunk where it is all of the tensor and can be read; else None."""
        if self._fault or not self._is_whole:
            return None
        try:
            return self._chunks[0].stored(self).in_strides
        except Unreadable:
            return None

    @property
    def _is_whole(self) -> bool:
        return len(self._chunks) == 1 and self._chunks[0].sizes == self.shape

    def _held(self, chunk: Chunk) -> str:
        held = chunk.slice_of(self.shape)
        return f"{held}, {chunk.missing}" if chunk.missing else held


@dataclass(slots=True)
class _Span:
    """A chunk as lines: stretches of elements that follow each other in the tensor as in the chunk."""

    chunk: Chunk
    first: int
    """In the row-major tensor, its first element."""
    end: int
    """And the one after its last."""
    line: int
    """Elements of a line."""
    counts: Sizes
    """Lines along each of the outer dimensions."""
    steps: Sizes
    """Elements of the tensor from one of them to the next."""

    def start_of(self, line: int) -> int:
        """Return where a line begins in the tensor; lines count in row-major order."""
        start = self.first
        for count, step in zip(reversed(self.counts), reversed(self.steps), strict=True):
            line, index = divmod(line, count)
            start += index * step
        return start


def _span(chunk: Chunk, shape: Sizes) -> _Span:
    steps = tuple(prod(shape[axis + 1 :]) for axis in range(len(shape)))
    axis = len(shape)  # from here on the chunk is as wide as the tensor, or one line
    while axis > 0 and chunk.sizes[axis:] == shape[axis:]:
        axis -= 1
    first = sum(at * step for at, step in zip(chunk.offsets, steps, strict=True))
    last = first + sum((size - 1) * step for size, step in zip(chunk.sizes, steps, strict=True))
    return _Span(chunk, first, last + 1, prod(chunk.sizes[axis:]), chunk.sizes[:axis], steps[:axis])


def _copy(span: _Span, tensor: Stored, out: bytearray, start: int, stop: int) -> None:
    """Copy what a chunk has of the elements `start` to `stop` to its place; its lines between lie in a row."""
    lines = range(prod(span.counts))
    begin = bisect_right(lines, start - span.line, key=span.start_of)
    end = bisect_left(lines, stop, key=span.start_of)
    if begin >= end:
        return
    first, last = span.start_of(begin), span.start_of(end - 1)
    data = memoryview(
        span.chunk.stored(tensor).flat(
            begin * span.line + max(0, start - first), (end - 1) * span.line + min(span.line, stop - last)
        )
    )
    at = 0
    inner, step = (span.counts[-1], span.steps[-1]) if span.counts else (1, 0)
    line = begin
    while line < end:
        several = min(end - line, inner - line % inner)  # lines at one distance from each other
        base = span.start_of(line)
        for index in range(several):
            place = base + index * step
            low, high = max(place, start), min(place + span.line, stop)
            size = tensor.dtype.bytes_for(high - low)
            to = tensor.dtype.bytes_for(low - start)
            out[to : to + size] = data[at : at + size]
            at += size
        line += several
