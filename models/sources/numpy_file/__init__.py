"""NumPy's files: one array (`.npy`), or several in a zip file (`.npz`), compressed or not.  Needs no NumPy.

The formats are those of NEP 1, https://numpy.org/neps/nep-0001-npy-format.html, and of PKWARE's zip (APPNOTE.TXT).
Only numbers are read.  An array of Python objects is a pickle, and is named but never unpickled.
"""

from __future__ import annotations

from functools import partial
from itertools import accumulate
from operator import mul

from ...opened.source import SourceError
from ...stored.checkpoint import Checkpoint, Item
from ...stored.dense import Dense
from ...stored.file import DataFile
from ...stored.stored import Stored
from ...stored.strided import ByteSource, Strided
from ...stored.unpacked import Unpacked
from ...stored.zip_archive import Archive, BrokenArchive, first_name
from ...tensors.readable import Unreadable
from ..formats import PathInfo, file_format
from .header import MAGIC, BrokenArray, Header, NoNumbers, read_header

SUFFIX = ".npy"
"""How the names of a `.npz` file's records end that are arrays."""
ALONE = "array"
"""The name of an array that has none in its file."""
_LISTED = 3
"""Broken arrays that a warning names, at most."""


def _recognises(found: PathInfo) -> bool:
    """Return whether the first bytes are those of an array, or of a zip file whose first record is one."""
    return found.head.startswith(MAGIC) or (first_name(found.head) or "").endswith(SUFFIX)


def _parse(file: DataFile) -> Checkpoint:
    is_alone = file.read(0, min(file.size, len(MAGIC))) == MAGIC
    return _array_alone(file) if is_alone else _arrays_in_zip(file)


def _explain(file: DataFile, error: Exception) -> SourceError | None:
    if not isinstance(error, (BrokenArchive, BrokenArray)):
        return None
    return SourceError(f"{file.name} is broken: {error}", "Copy or download it again, or ask who wrote it.")


def _array_alone(file: DataFile) -> Checkpoint:
    header = read_header(partial(file.read, 0), file.size)
    try:
        tensor = array_of(ALONE, header, file, 0, file.size)
    except NoNumbers as error:
        raise SourceError(f"{file.name} holds {error}{error.why}", error.remedy) from None
    surplus = file.size - header.begin - header.nbytes
    warnings = [f"{surplus:,} bytes follow the array, and are not shown."] if surplus > 0 else []
    return Checkpoint([tensor], metadata=_metadata(header), warnings=warnings, files=[file], kind="NumPy file")


def _metadata(header: Header) -> dict[str, object]:
    return {"descr": str(header.descr), "fortran_order": header.fortran_order}


def _arrays_in_zip(file: DataFile) -> Checkpoint:
    archive = Archive(file)
    tensors: list[Stored] = []
    items: list[Item] = []
    broken: list[str] = []
    for name, record in archive.records.items():
        if not name.endswith(SUFFIX):
            items.append(Item(name, "file", f"{record.size:,} bytes, no array"))
            continue
        path = name[: -len(SUFFIX)]
        try:
            start = archive.place(record)
            if record.is_plain:
                header = read_header(partial(file.read, start), record.size)
                tensors.append(array_of(path, header, file, start, record.size))
            else:
                unpacked = Unpacked(file, start, record)
                tensors.append(array_of(path, read_header(unpacked.beginning, record.size), unpacked, 0, record.size))
        except NoNumbers as error:
            items.append(Item(path, "ndarray", f"{error}{error.why}"))
        except (BrokenArray, BrokenArchive, Unreadable) as error:
            broken.append(f"{path!r} is broken: {error}")
            items.append(Item(path, "ndarray", f"broken: {error}"))
    if not tensors and broken:
        raise BrokenArray(broken[0])
    more = f"; {len(broken) - _LISTED:,} more are broken" if len(broken) > _LISTED else ""
    warnings = [f"{'; '.join(broken[:_LISTED])}{more}."] if broken else []
    if archive.duplicates:
        warnings.append(f"{file.name} has several records {archive.duplicates[0]!r}: the last is shown.")
    return Checkpoint(tensors, items=items, warnings=warnings, files=[file], kind="NumPy archive", ordered=True)


def array_of(path: str, header: Header, source: ByteSource, start: int, size: int) -> Stored:
    """Return the tensor `path` whose array, header first, takes the `size` bytes from `start` of `source` on.

    Raises:
        NoNumbers: its elements are none.
        BrokenArray: they do not fit into `size`.
    """
    dtype = header.dtype
    if dtype is None:
        if "Python objects" in header.content:
            raise NoNumbers(header.content, ", which are pickled: nothing is unpickled here")
        raise NoNumbers(header.content)
    if header.begin + header.nbytes > size:
        there = size - header.begin
        raise BrokenArray(f"it is cut short: its elements take {header.nbytes:,} bytes, and {there:,} are there")
    begin = start + header.begin
    if isinstance(source, DataFile) and not header.fortran_order and not header.swapped:
        return Dense(path, header.shape, dtype, source, begin)
    notes = [("order", "of columns (Fortran)")] if header.fortran_order else []
    if header.swapped:
        notes.append(("byte order", "big-endian"))
    stride = _column_strides(header.shape) if header.fortran_order else _row_strides(header.shape)
    return Strided(path, header.shape, dtype, source, begin, 0, stride, notes=notes, swap=header.swapped)


def _column_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(accumulate((1, *shape[:-1]), mul)) if shape else ()


def _row_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    return _column_strides(shape[::-1])[::-1]


FORMAT = file_format("a NumPy file", _recognises, _parse, _explain)
