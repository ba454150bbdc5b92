"""The format of `torch.save` since 2020, and of TorchScript: a zip file with a pickle and one record a storage."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ...opened.source import SourceError
from ...stored.checkpoint import Checkpoint
from ...stored.dtypes import DTYPES
from ...stored.file import DataFile
from ...stored.stored import Unreadable
from ...stored.unpacked import Unpacked
from ...stored.zip_archive import Archive, BrokenArchive, CutArchive, first_place
from ...work.gc_paused import gc_paused
from ..wording import shortened, size_text
from .exported import exported_prefix, exported_weights
from .raw import RawStorage
from .reading import AGAIN, LARGEST_PICKLE, broken, checkpoint_of, needs_more
from .restricted import BrokenPickle, Refused, read_part, read_pickle
from .script import ScriptNames, ScriptObject
from .stub_classes import STUB_CLASSES, storage
from .tensors import Extent

_PICKLE = "data.pkl"
_CONSTANTS, _OF_CONSTANTS = "constants.pkl", "constants/"
_LARGEST_PACKED = 16 << 20
"""Bytes of a compressed record of values, which is unpacked anew for each read."""


def open_zip(file: DataFile) -> Checkpoint:
    """The checkpoint in a zip file; raises SourceError."""
    try:
        with gc_paused():
            return _open(file)
    except CutArchive:
        raise _cut_short(file) from None
    except BrokenArchive as error:
        raise broken(file.name, str(error)) from None
    except BrokenPickle as error:
        raise broken(file.name, f"its pickle {error}") from None
    except Refused as error:
        raise needs_more(file.name, error.globals) from None
    except Unreadable as error:
        raise SourceError(str(error)) from None


def prefix_of(names: list[str]) -> str | None:
    """The folder that the records of a torch file are in, with its slash; None where there is no `data.pkl`."""
    found = [name for name in names if name.rpartition("/")[2] == _PICKLE]
    return min(found, key=lambda name: name.count("/"))[: -len(_PICKLE)] if found else None


def _open(file: DataFile) -> Checkpoint:
    archive = Archive(file)
    names = list(archive.records)
    prefix = prefix_of(names)
    if prefix is None:
        return _open_exported(archive)
    finder = _Storages(archive, prefix)
    is_script = f"{prefix}{_CONSTANTS}" in archive.records
    names_of = ScriptNames(archive, prefix) if is_script else STUB_CLASSES
    pickle = archive.read(archive.records[prefix + _PICKLE], LARGEST_PICKLE, last=b".")
    root = read_pickle(pickle, names_of, finder.persistent)
    unread = _add_constants(root, archive, f"{prefix}{_CONSTANTS}", names_of, finder) if is_script else ""
    checkpoint = checkpoint_of(
        root,
        len(pickle),
        file,
        finder.find,
        swap=finder.swap(),
        metadata=finder.metadata(is_script),
        what="TorchScript archive" if is_script else "",
    )
    if unread:
        checkpoint.warnings.append(unread)
    if archive.doubled:
        doubled = archive.doubled
        more = f" and {len(doubled) - 1:,} more" if len(doubled) > 1 else ""
        checkpoint.warnings.append(
            f"{file.name} has several records {shortened(doubled[0])!r}{more}: the last is shown."
        )
    return checkpoint


def _add_constants(
    root: Any, archive: Archive, name: str, names_of: Mapping[tuple[str, str], Any], finder: _Storages
) -> str:
    """Add the tensors that a script's code names `CONSTANTS.c0`: of a frozen one all its weights.  Why not, if so."""
    if not isinstance(root, ScriptObject):
        return ""
    try:
        pickle = archive.read(archive.records[name], LARGEST_PICKLE, last=b".")
        found = read_pickle(pickle, names_of, finder.constant)
    except (BrokenArchive, BrokenPickle, Refused):
        return f"{archive.file.name} has constants that cannot be read: of a frozen network those are its weights."
    if isinstance(found, (tuple, list)) and found:
        root.add("CONSTANTS", {f"c{number}": each for number, each in enumerate(found)})
    return ""


def _open_exported(archive: Archive) -> Checkpoint:
    prefix = exported_prefix(archive.records)
    if prefix is None:
        raise broken(archive.file.name, f"there is no {_PICKLE} in it")
    finder = _Storages(archive, prefix)
    weights, size = exported_weights(archive, prefix)
    swap = finder.swap()
    metadata = {**finder.metadata(False), "format": "torch.export"}
    return checkpoint_of(
        weights, size, archive.file, finder.find, swap=swap, metadata=metadata, what="torch.export program"
    )


class _Storages:
    """Where the storages of an archive lie."""

    def __init__(self, archive: Archive, prefix: str) -> None:
        self._archive = archive
        self._prefix = prefix
        self._made: dict[str, RawStorage] = {}
        self._found: dict[str, Extent] = {}

    def swap(self) -> bool:
        """Whether the bytes of its numbers are the other way round; raises SourceError for an order nobody knows."""
        order = self.text("byteorder")
        if order not in ("", "little", "big"):
            raise broken(self._archive.file.name, f"its byte order is {shortened(order)!r}, not little or big")
        return order == "big"

    def persistent(self, key: Any) -> RawStorage:
        """The storage of a persistent id, `("storage", type, key, location, size)`."""
        if type(key) is not tuple or len(key) < 5 or key[0] not in ("storage", b"storage"):
            raise BrokenPickle("refers to what is no storage")
        known = self._made.get(key[2]) if isinstance(key[2], str) else None
        if known is not None:
            return known
        try:
            made = storage(*key[1:5])
        except ValueError:
            raise BrokenPickle("describes a storage that cannot be") from None
        self._made[made.key] = made
        return made

    def constant(self, key: Any) -> RawStorage:
        """As `persistent`, of a constant: they have a folder of their own."""
        if type(key) is tuple and len(key) > 2 and isinstance(key[2], str):
            key = (*key[:2], f"{_OF_CONSTANTS}{key[2]}", *key[3:])
        return self.persistent(key)

    def find(self, raw: RawStorage) -> Extent:
        """Its bytes in the file; raises SourceError."""
        extent = self._found.get(raw.key)
        if extent is None:
            extent = self._found[raw.key] = self._look(raw)
        return extent

    def _look(self, raw: RawStorage) -> Extent:
        archive, folder = self._archive, "" if raw.key.startswith(_OF_CONSTANTS) else "data/"
        name = f"{self._prefix}{folder}{raw.key}"
        record = archive.records.get(name)
        if record is None:
            if not raw.size:
                return Extent(archive.file, 0, 0)
            raise broken(archive.file.name, f"there is no record {shortened(name)!r}, which holds values")
        try:
            start = archive.place(record)
        except BrokenArchive as error:
            raise broken(archive.file.name, str(error)) from None
        except Unreadable as error:
            raise SourceError(str(error)) from None
        if record.is_plain:
            return Extent(archive.file, start, record.size)
        if record.method != 8 or record.size > _LARGEST_PACKED:
            raise SourceError(
                f"{archive.file.name} has compressed values ({shortened(name)!r}, {size_text(record.size)}), which "
                "cannot be read in place",
                "torch.save never compresses: unpack it with `unzip` and pack it again with `zip -0 -r`.",
            )
        try:
            return Extent(Unpacked(archive.file, start, record), 0, record.size)
        except BrokenArchive as error:
            raise broken(archive.file.name, str(error)) from None

    def text(self, name: str) -> str:
        """A small record as text; empty where there is none."""
        record = self._archive.records.get(self._prefix + name)
        if record is None or record.size > 100:
            return ""
        return self._archive.read(record, 100).decode("ascii", "replace").strip()

    def metadata(self, is_script: bool) -> dict[str, Any]:
        """What the archive says of itself."""
        return {
            "format": "TorchScript" if is_script else "torch.save (zip)",
            "format version": self.text("version"),
            "byte order": self.text("byteorder") or "little",
        }


def _cut_short(file: DataFile) -> SourceError:
    """A zip file without its end.  Its pickle stands first, and tells how many bytes of values were to follow."""
    storages: dict[str, RawStorage] = {}

    def persistent(key: Any) -> RawStorage:
        made = storage(*key[1:5])
        return storages.setdefault(made.key, made)

    head = file.read(0, min(file.size, _LARGEST_PACKED))
    missing = 0
    with suppress(BrokenPickle, Refused, ValueError, TypeError, IndexError):
        start = first_place(head)
        end = read_part(head, start, STUB_CLASSES, persistent)[1]
        values = sum(each.size * DTYPES[each.dtype].unit for each in storages.values())
        missing = end + values - file.size
    told = f": at least {missing:,} bytes are missing" if missing > 0 else ""
    return SourceError(
        f"{file.name} is cut short{told}; its {size_text(file.size)} end before the table of its records",
        f"A download or a copy stopped. {AGAIN}",
    )
