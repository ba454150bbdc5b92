"""NumPy's files: one array (`.npy`), or several in a zip file (`.npz`), compressed or not.  Needs no NumPy.

Only numbers are read.  An array of Python objects is a pickle, and is named but never unpickled.
"""

from __future__ import annotations

from functools import partial

from ...opened.source import OpenOptions, Source, SourceError
from ...stored.checkpoint import Checkpoint, Item
from ...stored.file import DataFile
from ...stored.stored import Stored, Unreadable
from ...stored.unpacked import Unpacked
from ...stored.zip_archive import Archive, BrokenArchive, first_name
from ..formats import Format, PathInfo
from .arrays import array_of
from .header import MAGIC, BrokenArray, Header, NoNumbers, read_header

SUFFIX = ".npy"
ALONE = "array"
"""The name of an array that has none."""
_MOST_TOLD = 3


def _recognises(found: PathInfo) -> bool:
    """By the first bytes: of an array, or of a zip file whose first record is one."""
    return found.head.startswith(MAGIC) or (first_name(found.head) or "").endswith(SUFFIX)


def _open(found: PathInfo, how: OpenOptions) -> Source:
    try:
        file = DataFile(found.path)
        checkpoint = _array_alone(file) if found.head.startswith(MAGIC) else _arrays_in_zip(file)
    except OSError as error:
        raise SourceError(f"{found.path.name} cannot be read: {error.strerror or error}") from None
    except Unreadable as error:
        raise SourceError(str(error)) from None
    except (BrokenArchive, BrokenArray) as error:
        remedy = "Copy or download it again, or ask who wrote it."
        raise SourceError(f"{found.path.name} is broken: {error}", remedy) from None
    return Source(source=found.text, kind="checkpoint", name="checkpoint", checkpoint=checkpoint, file=str(found.path))


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
    more = f"; {len(broken) - _MOST_TOLD:,} more are broken" if len(broken) > _MOST_TOLD else ""
    warnings = [f"{'; '.join(broken[:_MOST_TOLD])}{more}."] if broken else []
    if archive.doubled:
        warnings.append(f"{file.name} has several records {archive.doubled[0]!r}: the last is shown.")
    return Checkpoint(tensors, items=items, warnings=warnings, files=[file], kind="NumPy archive", ordered=True)


FORMAT = Format("a NumPy file", _recognises, _open)
