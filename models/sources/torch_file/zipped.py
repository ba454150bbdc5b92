"""The format of `torch.save` since 2020, and of TorchScript: a zip file with a pickle and one record a storage.

The format: https://docs.pytorch.org/docs/stable/notes/serialization.html, in the
zip of PKWARE's APPNOTE.TXT.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from ...opened.source import SourceError
from ...stored.dtypes import DTYPES
from ...stored.file import DataFile
from ...stored.stored import StoredKind
from ...stored.unpacked import Unpacked
from ...stored.zip_archive import Archive, BrokenArchive, CutArchive, first_place
from ..wording import shortened, size_text
from .exported import exported_prefix, exported_weights
from .raw import RawStorage
from .reading import AGAIN, EXPORTED, LARGEST_PICKLE, SCRIPT, TorchFile, broken, read
from .script import ScriptNames, ScriptObject
from .stub_classes import STUB_CLASSES, names_storage, storage, unknown_id
from .tensors import StorageExtent
from .unpickler import BrokenPickle, Globals, UnknownObject, read_part, read_pickle

_PICKLE = "data.pkl"
_CONSTANTS = "constants.pkl"
_OF_ROOT = ("constants/", "data/")
"""How keys of storages begin that name a record's whole place in the archive; others lie in `data/`."""
_LARGEST_PACKED = 16 << 20
"""Bytes of a compressed record of values, at most, which is unpacked anew for each read."""


def open_zip(file: DataFile) -> TorchFile:
    """Return what is in a zip file.

    Raises:
        SourceError: it is cut short or damaged.
        BrokenArchive, BrokenPickle, Unreadable: see `Archive`, `read_pickle` and `DataFile.read`.
    """
    try:
        return _open(file)
    except CutArchive:
        raise _cut_short(file) from None


def prefix_of(names: list[str]) -> str | None:
    """Return the folder that the records of a torch file are in, with its slash; None where there is no `data.pkl`."""
    found = [name for name in names if name.rpartition("/")[2] == _PICKLE]
    return min(found, key=lambda name: name.count("/"))[: -len(_PICKLE)] if found else None


def _open(file: DataFile) -> TorchFile:
    archive = Archive(file)
    prefix = prefix_of(list(archive.records))
    if prefix is None:
        return _open_exported(archive)
    finder = _Storages(archive, prefix)
    is_script = f"{prefix}{_CONSTANTS}" in archive.records
    script = ScriptNames(archive, prefix) if is_script else None
    names = Globals(STUB_CLASSES if script is None else script)
    pickle = archive.read(archive.records[prefix + _PICKLE], LARGEST_PICKLE, last=b".")
    root = read_pickle(pickle, names, finder.persistent)
    unread = ""
    if script is not None:
        role: StoredKind | None = "constant" if script.has_parameters else None
        unread = _add_constants(root, archive, f"{prefix}{_CONSTANTS}", names, finder, role)
    found = read(
        root,
        len(pickle),
        file,
        finder.find,
        names,
        finder.sizes(),
        swap=finder.swap(),
        metadata=finder.metadata(is_script),
        what=SCRIPT if is_script else "",
    )
    checkpoint = found.checkpoint
    if unread:
        checkpoint.warnings.append(unread)
    if archive.duplicates:
        duplicates = archive.duplicates
        more = f" and {len(duplicates) - 1:,} more" if len(duplicates) > 1 else ""
        checkpoint.warnings.append(
            f"{file.name} has several records {shortened(duplicates[0])!r}{more}: the last is shown."
        )
    return found


def _add_constants(
    root: Any, archive: Archive, name: str, names: Globals, finder: _Storages, role: StoredKind | None
) -> str:
    """Add the tensors that a script's code names `CONSTANTS.c0`, with their `role`: of a frozen one all its weights.

    Return a warning where they cannot be read; else an empty text.
    """
    if not isinstance(root, ScriptObject):
        return ""
    try:
        pickle = archive.read(archive.records[name], LARGEST_PICKLE, last=b".")
        found = read_pickle(pickle, names, finder.constant)
    except (BrokenArchive, BrokenPickle):
        return f"{archive.file.name} has constants that cannot be read: of a frozen network those are its weights."
    if isinstance(found, (tuple, list)) and found:
        root.add("CONSTANTS", {f"c{index}": each for index, each in enumerate(found)}, role)
    return ""


def _open_exported(archive: Archive) -> TorchFile:
    prefix = exported_prefix(archive.records)
    if prefix is None:
        raise broken(archive.file.name, f"there is no {_PICKLE} in it")
    finder = _Storages(archive, prefix)
    weights, size = exported_weights(archive, prefix)
    swap = finder.swap()
    metadata = {**finder.metadata(False), "format": "torch.export"}
    names = Globals({})
    return read(weights, size, archive.file, finder.find, names, {}, swap=swap, metadata=metadata, what=EXPORTED)


class _Storages:
    """Where the storages of an archive lie."""

    def __init__(self, archive: Archive, prefix: str) -> None:
        self._archive = archive
        self._prefix = prefix
        self._made: dict[str, RawStorage] = {}
        self._found: dict[str, StorageExtent] = {}

    def swap(self) -> bool:
        """Return whether its elements are big-endian; raise SourceError for an order that nobody knows."""
        order = self.text("byteorder")
        if order not in ("", "little", "big"):
            raise broken(self._archive.file.name, f"its byte order is {shortened(order)!r}, not little or big")
        return order == "big"

    def persistent(self, key: Any) -> RawStorage | UnknownObject:
        """Return the storage of a persistent id, `("storage", type, key, location, size)`; raise BrokenPickle."""
        if not names_storage(key):
            return unknown_id(key)
        known = self._made.get(key[2]) if isinstance(key[2], str) else None
        if known is not None:
            return known
        try:
            made = storage(*key[1:5])
        except ValueError:
            raise BrokenPickle("describes a storage that cannot be") from None
        self._made[made.key] = made
        return made

    def constant(self, key: Any) -> RawStorage | UnknownObject:
        """Return the storage of a constant's persistent id: they have a folder of their own."""
        if type(key) is tuple and len(key) > 2 and isinstance(key[2], str):
            key = (*key[:2], f"{_OF_ROOT[0]}{key[2]}", *key[3:])
        return self.persistent(key)

    def find(self, raw: RawStorage) -> StorageExtent:
        """Return its bytes in the file; raise SourceError or BrokenArchive where there are none."""
        extent = self._found.get(raw.key)
        if extent is None:
            extent = self._found[raw.key] = self._look(raw)
        return extent

    def _look(self, raw: RawStorage) -> StorageExtent:
        archive, folder = self._archive, "" if raw.key.startswith(_OF_ROOT) else "data/"
        name = f"{self._prefix}{folder}{raw.key}"
        record = archive.records.get(name)
        if record is None:
            if not raw.size:
                return StorageExtent(archive.file, 0, 0)
            raise broken(archive.file.name, f"there is no record {shortened(name)!r}, which holds values")
        start = archive.place(record)
        if record.is_plain:
            return StorageExtent(archive.file, start, record.size)
        if record.method != 8 or record.size > _LARGEST_PACKED:
            raise SourceError(
                f"{archive.file.name} has compressed values ({shortened(name)!r}, {size_text(record.size)}), which "
                "cannot be read in place",
                "torch.save never compresses: unpack it with `unzip` and pack it again with `zip -0 -r`.",
            )
        return StorageExtent(Unpacked(archive.file, start, record), 0, record.size)

    def sizes(self) -> dict[str, int]:
        """Return the bytes of each storage in the archive by its key."""
        start = f"{self._prefix}data/"
        held = (
            (name[len(start) :], record) for name, record in self._archive.records.items() if name.startswith(start)
        )
        return {key: record.size for key, record in held if key.isdecimal()}

    def text(self, name: str) -> str:
        """Return a small record as text; empty where there is none."""
        record = self._archive.records.get(self._prefix + name)
        if record is None or record.size > 100:
            return ""
        return self._archive.read(record, 100).decode("ascii", "replace").strip()

    def metadata(self, is_script: bool) -> dict[str, Any]:
        """Return what the archive says of itself."""
        return {
            "format": "TorchScript" if is_script else "torch.save (zip)",
            "format version": self.text("version"),
            "byte order": self.text("byteorder") or "little",
        }


def _cut_short(file: DataFile) -> SourceError:
    """Return the refusal of a zip file without its end; its pickle stands first, and says how many bytes follow."""
    storages: dict[str, RawStorage] = {}

    def persistent(key: Any) -> RawStorage:
        made = storage(*key[1:5])
        return storages.setdefault(made.key, made)

    head = file.read(0, min(file.size, _LARGEST_PACKED))
    missing = 0
    with suppress(BrokenPickle, ValueError, TypeError, IndexError):
        start = first_place(head)
        end = read_part(head, start, STUB_CLASSES, persistent)[1]
        values = sum(each.size * DTYPES[each.dtype].unit for each in storages.values())
        missing = end + values - file.size
    lacking = f": at least {missing:,} bytes are missing" if missing > 0 else ""
    return SourceError(
        f"{file.name} is cut short{lacking}; its {size_text(file.size)} end before the table of its records",
        f"A download or a copy stopped. {AGAIN}",
    )
