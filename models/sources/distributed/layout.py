"""From what the metadata say to tensors that can be read: checked against the files, chunks against each other.

The metadata are as `torch/distributed/checkpoint/metadata.py` of torch has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from pathlib import Path, PurePosixPath

from ...stored.dtypes import DTYPES, UINT8, DType
from ...stored.file import DataFile
from ...stored.stored import StoredKind
from ..wording import listed, shortened
from .chunked import Chunk, Chunked
from .item import FilePart
from .metadata import MetadataEntry, SavedMetadata
from .records import FilePlace

_DIMENSION_LIMIT = 64
_COMPARED_LIMIT = 2_000_000
"""Pairs of chunks that are compared at most, over all tensors: some seconds."""

Sizes = tuple[int, ...]
"""A shape, or offsets in one: elements along each axis."""


class Folder:
    """The files of a checkpoint, each opened once, by the names that the metadata give them.

    What is wrong with them is collected, for `warnings` at the end.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.files: dict[str, DataFile] = {}
        self._problems: dict[str, str] = {}
        self.cut: dict[str, int] = {}
        """Bytes that a file lacks, by its name."""

    def part(self, place: FilePlace) -> FilePart | str:
        """Return the bytes of an item, or why there are none in words that follow the file's name: `is missing`."""
        file = self._file(place.file)
        if isinstance(file, str):
            return file
        missing = place.offset + place.length - file.size
        if missing > 0:
            self.cut[place.file] = max(missing, self.cut.get(place.file, 0))
            return "is cut short"
        if place.transforms:
            return f"is packed with {shortened(', '.join(place.transforms))}, which is not read"
        return FilePart(file, place.offset, place.length)

    @property
    def warnings(self) -> list[str]:
        """Return a sentence for each sort of problem that was met, with the files that have it."""
        kinds: dict[str, list[str]] = {}
        for name, problem in self._problems.items():
            kinds.setdefault(problem, []).append(name)
        sentences = [f"{listed(names)} {problem}" for problem, names in kinds.items()]
        sentences += [f"{shortened(name)} is cut short: {size:,} bytes are missing" for name, size in self.cut.items()]
        return sentences

    def _file(self, name: str) -> DataFile | str:
        if name in self._problems:
            return self._problems[name]
        if name not in self.files:
            problem = self._open(name)
            if problem:
                self._problems[name] = problem
                return problem
        return self.files[name]

    def _open(self, name: str) -> str:
        inside = PurePosixPath(name)
        if not name or inside.is_absolute() or ".." in inside.parts or "\0" in name or "\\" in name:
            return "lies outside of the folder and is not read"
        try:
            self.files[name] = DataFile(self._path / inside)
        except FileNotFoundError:
            return "is missing"
        except OSError as error:
            return f"cannot be read ({error.strerror or error})"
        return ""


class DistributedLayout:
    """Makes the tensors of a checkpoint from what its metadata say; `warnings` are those about tensors."""

    def __init__(self, saved: SavedMetadata, folder: Folder) -> None:
        self._saved = saved
        self._folder = folder
        self._compared = 0
        self._unknown: list[str] = []
        self._broken: list[str] = []
        self._faulty: list[str] = []

    def tensors(self, kinds: Mapping[str, StoredKind]) -> list[Chunked]:
        """Return all tensors that can be shown; of one with holes or overlaps, `Stored.flat` raises Unreadable."""
        made = [self._tensor(name, entry, kinds.get(name)) for name, entry in self._saved.tensors.items()]
        return [each for each in made if each is not None]

    @property
    def warnings(self) -> list[str]:
        """Return what is wrong with tensors, a sentence for each sort of fault."""
        sentences = []
        for names, what in (
            (self._unknown, "left out, of a type of numbers that is not known"),
            (self._broken, "left out, with chunks outside of the shape"),
            (self._faulty, "shown without values, with chunks that leave holes or overlap"),
        ):
            if names:
                sentences.append(f"{len(names):,} tensor{'s are' if len(names) > 1 else ' is'} {what}: {listed(names)}")
        return sentences

    def _tensor(self, name: str, entry: MetadataEntry, kind: StoredKind | None) -> Chunked | None:
        dtype = DTYPES.get(entry.dtype)
        if dtype is None:
            self._unknown.append(name)
            return None
        boxes = dict.fromkeys(entry.chunks)  # what was replicated, each rank may have saved
        shape = entry.shape
        if not _fits(shape, boxes):
            self._broken.append(name)
            return None
        wide, notes = 1, list[tuple[str, str]]()
        if dtype.per_unit > 1:
            dtype, wide, notes = _packed(dtype, shape)
        boxes = {box: None for box in boxes if all(box[1])}
        fault = self._fault(shape, list(boxes))
        if fault:
            self._faulty.append(name)
        chunks = [
            self._chunk(name, offsets, sizes, wide) for offsets, sizes in (boxes or dict.fromkeys(entry.chunks[:1]))
        ]
        return Chunked(name, _widened(shape, wide), dtype, kind, chunks, fault=fault, notes=notes)

    def _chunk(self, name: str, offsets: Sizes, sizes: Sizes, wide: int) -> Chunk:
        place = self._saved.places.get((name, offsets))
        box = _widened(offsets, wide), _widened(sizes, wide)
        if place is None:
            return Chunk(*box, "the metadata", None, "does not say where a chunk lies")
        part = self._folder.part(place)
        if isinstance(part, str):
            return Chunk(*box, place.file, None, part)
        return Chunk(*box, place.file, part)

    def _fault(self, shape: Sizes, boxes: list[tuple[Sizes, Sizes]]) -> str:
        held, whole = sum(prod(sizes) for _, sizes in boxes), prod(shape)
        if held < whole:
            return f"the chunks leave holes: {whole - held:,} of {whole:,} elements are in none"
        if held > whole or self._overlap(boxes):
            return "the chunks overlap: which of them counts is not known"
        return ""

    def _overlap(self, boxes: list[tuple[Sizes, Sizes]]) -> bool:
        """Return whether two chunks have an element in common; also true when that would take too long to find out."""
        if len(boxes) < 2:
            return False
        axes = range(len(boxes[0][0]))
        axis = max(axes, key=lambda axis: len({offsets[axis] for offsets, _ in boxes}))
        near: list[tuple[Sizes, Sizes]] = []
        for box in sorted(boxes, key=lambda box: box[0][axis]):
            near = [other for other in near if other[0][axis] + other[1][axis] > box[0][axis]]
            self._compared += len(near) + 1
            if self._compared > _COMPARED_LIMIT or any(_meet(box, other) for other in near):
                return True
            near.append(box)
        return False


def _meet(one: tuple[Sizes, Sizes], other: tuple[Sizes, Sizes]) -> bool:
    return all(
        a < b + b_size and b < a + a_size
        for a, a_size, b, b_size in zip(one[0], one[1], other[0], other[1], strict=True)
    )


def _fits(shape: Sizes, boxes: Mapping[tuple[Sizes, Sizes], None]) -> bool:
    """Return whether a shape can be, and all chunks lie within it."""
    if len(shape) > _DIMENSION_LIMIT or min(shape, default=0) < 0 or prod(max(size, 1) for size in shape) >= 1 << 60:
        return False
    for offsets, sizes in boxes:
        if len(offsets) != len(shape) or len(sizes) != len(shape):
            return False
        if any(at < 0 or size < 0 or at + size > whole for at, size, whole in zip(offsets, sizes, shape, strict=True)):
            return False
    return True


def _packed(dtype: DType, shape: Sizes) -> tuple[DType, int, list[tuple[str, str]]]:
    """Return how a type with several elements in a byte is shown: dtype, elements a byte, notes."""
    if dtype.name == "float4_e2m1fn_x2" and shape:
        return dtype, dtype.per_unit, [("Packed", "two numbers in a byte; torch counts the bytes")]
    return UINT8, 1, [("Packed", f"{dtype.name}, shown are the bytes")]


def _widened(sizes: Sizes, wide: int) -> Sizes:
    return sizes if wide == 1 else (*sizes[:-1], sizes[-1] * wide)
