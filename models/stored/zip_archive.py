"""The central directory of a zip file: where the bytes of each record lie, so that they are read in place.

Follows PKWARE's APPNOTE.TXT (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT), with ZIP64.  Python's
`zipfile` keeps half a kilobyte for each entry and trusts the directory; here nothing is believed that the file's size
contradicts, and only small records are unpacked, up to the size they declare.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from struct import Struct

from .file import DataFile

LOCAL = b"PK\3\4"
"""The signature of a record's own header, with which a zip file begins."""
UNPACK_LIMIT = 16 << 20
"""Bytes that a compressed record may have when unpacked; torch compresses nothing but TorchScript's code."""
_TABLE_LIMIT = 128 << 20
"""Bytes that a central directory may have: more than a million records."""

_BLOCK = 1 << 16
_SMALL = 4096

_END = Struct("<4s4H2LH")
_END_64 = Struct("<4sQ2H2L4Q")
_LOCATOR = Struct("<4sLQL")
_ENTRY = Struct("<4s6H3L5H2L")
_HEADER = Struct("<4s5H3L2H")
_STORED, _DEFLATED = 0, 8
_TOO_LARGE = 0xFFFFFFFF


class BrokenArchive(Exception):
    """A zip file that cannot be read; the text continues the sentence `NAME is a broken zip file: `."""


class CutArchive(BrokenArchive):
    """A zip file without its central directory, which stands at the end: it was cut short."""


@dataclass(slots=True)
class ArchiveRecord:
    """A file in the archive, as the central directory describes it."""

    name: str
    header: int
    """The offset of its local header in bytes from the start of the file."""
    packed: int
    """Bytes that it takes in the archive, compressed or not."""
    size: int
    """Bytes of its content."""
    method: int
    """The compression method: 0 is none, 8 is DEFLATE."""
    crc: int = 0
    """The CRC-32 of its content."""

    @property
    def is_plain(self) -> bool:
        """Return whether its bytes stand in the archive uncompressed."""
        return self.method == _STORED


class Archive:
    """The records of a zip file by name; of several with one name the last counts, as in torch."""

    def __init__(self, file: DataFile) -> None:
        """Read the central directory.

        Raises:
            CutArchive: there is none.
            BrokenArchive: it is damaged, or the archive is encrypted.
            Unreadable: the file changed, vanished or cannot be read.
        """
        self.file = file
        self.records: dict[str, ArchiveRecord] = {}
        self.duplicates: list[str] = []
        """Names that several records have, once for each further record."""
        count, size, start, base = _table(file)
        if size > _TABLE_LIMIT or start + size > file.size:
            raise BrokenArchive("its table of contents reaches outside of the file")
        self._end = start
        self._block, self._block_start = b"", 0
        self._read(file.read(start, size), count, base)

    def _read(self, table: bytes, count: int, base: int) -> None:
        at = 0
        for _ in range(count):
            if at + _ENTRY.size > len(table):
                raise BrokenArchive(f"its table of contents announces {count:,} records but holds fewer")
            found = _ENTRY.unpack_from(table, at)
            if found[0] != b"PK\1\2":
                raise BrokenArchive("its table of contents is damaged")
            flags, method, packed, size = found[3], found[4], found[8], found[9]
            name_size, extra_size, comment_size, header = found[10], found[11], found[12], found[16]
            at += _ENTRY.size
            raw = table[at : at + name_size]
            if packed == _TOO_LARGE or size == _TOO_LARGE or header == _TOO_LARGE:
                extra = table[at + name_size : at + name_size + extra_size]
                size, packed, header = _wide(extra, size, packed, header)
            at += name_size + extra_size + comment_size
            name = raw.decode("utf-8" if flags & 0x800 else "cp437", "backslashreplace")
            if flags & 1:
                raise BrokenArchive("it is encrypted")
            if name in self.records:
                self.duplicates.append(name)
            self.records[name] = ArchiveRecord(name, header + base, packed, size, method, found[7])

    def place(self, record: ArchiveRecord) -> int:
        """Return the offset of a record's bytes from the start of the file.

        Raises:
            BrokenArchive: they do not lie in the file, or its local header contradicts the central directory.
            Unreadable: the file changed, vanished or cannot be read.
        """
        if record.header + _HEADER.size > self._end:
            raise BrokenArchive(f"the record {record.name!r} lies outside of the file")
        found = _HEADER.unpack(self._header(record))
        if found[0] != LOCAL:
            raise BrokenArchive(f"the record {record.name!r} is not where the table of contents says")
        start = record.header + _HEADER.size + int(found[9]) + int(found[10])
        if start + record.packed > self._end:
            raise BrokenArchive(f"the record {record.name!r} reaches outside of the file")
        if record.is_plain and record.size != record.packed:
            raise BrokenArchive(f"the record {record.name!r} has two sizes")
        return start

    def _header(self, record: ArchiveRecord) -> bytes:
        """Return the record's local header; those of small records stand close together and are read at once."""
        at = record.header - self._block_start
        if not 0 <= at <= len(self._block) - _HEADER.size:
            small = record.packed < _SMALL
            size = min(_BLOCK if small else _HEADER.size, self._end - record.header)
            self._block, self._block_start, at = self.file.read(record.header, size), record.header, 0
        return self._block[at : at + _HEADER.size]

    def read(self, record: ArchiveRecord, limit: int, last: bytes = b"") -> bytes:
        """Return the content of a record of at most `limit` bytes, unpacked where it is compressed.

        `last` is the byte that it must end with, looked at before a large record is read; empty for any.

        Raises:
            BrokenArchive: it is larger, or damaged.
            Unreadable: the file changed, vanished or cannot be read.
        """
        if not record.is_plain:
            limit = min(limit, UNPACK_LIMIT)
        if record.size > limit:
            how = "" if record.is_plain else "compressed, and "
            raise BrokenArchive(f"the record {record.name!r} is {how}larger than {limit:,} bytes")
        start = self.place(record)
        if record.is_plain:
            if last and (not record.size or self.file.read(start + record.size - 1, 1) != last):
                raise BrokenArchive(f"the record {record.name!r} does not end as it should")
            return self.file.read(start, record.size)
        if record.method != _DEFLATED:
            raise BrokenArchive(f"the record {record.name!r} is compressed in a way that torch does not know")
        return inflated(self.file, start, record.packed, record.size, record.name)


def inflated(file: DataFile, start: int, packed: int, size: int, name: str) -> bytes:
    """Return the content of a deflated record whose `packed` bytes begin at byte `start`; never more than `size` bytes.

    Raises:
        BrokenArchive: it does not unpack, or not to exactly `size` bytes; `name` is the record's.
        Unreadable: the file changed, vanished or cannot be read.
    """
    if packed > size + 1024:
        raise BrokenArchive(f"the record {name!r} is damaged")
    try:
        data = zlib.decompressobj(-15).decompress(file.read(start, packed), size + 1)
    except zlib.error:
        raise BrokenArchive(f"the record {name!r} is damaged") from None
    if len(data) != size:
        raise BrokenArchive(f"the record {name!r} does not have the {size:,} bytes that it declares")
    return data


def first_name(head: bytes) -> str | None:
    """Return the name of the first record of a zip file that starts with `head`; None where that is no zip file."""
    if len(head) < _HEADER.size or not head.startswith(LOCAL):
        return None
    size = _HEADER.unpack_from(head)[9]
    return head[_HEADER.size : _HEADER.size + size].decode("utf-8", "replace")


def first_place(head: bytes) -> int:
    """Return the offset of the first record's bytes in a zip file that starts with `head`.

    Raises:
        ValueError: it is no zip file.
    """
    if len(head) < _HEADER.size or not head.startswith(LOCAL):
        raise ValueError(head[:4])
    found = _HEADER.unpack_from(head)
    return _HEADER.size + int(found[9]) + int(found[10])


def _table(file: DataFile) -> tuple[int, int, int, int]:
    """Return how many records there are, the directory's size and start, and by how much all offsets are too small."""
    tail_size = min(file.size, _END.size + 0xFFFF)
    tail = file.read(file.size - tail_size, tail_size)
    at = tail.rfind(b"PK\5\6")
    if at < 0 or at + _END.size > len(tail):
        raise CutArchive("it is cut short: the table of contents at its end is not there")
    _, _, _, _, count, size, start, _ = _END.unpack_from(tail, at)
    end = file.size - tail_size + at
    wide_size = _END_64.size + _LOCATOR.size
    if end >= wide_size and (before := file.read(end - wide_size, wide_size)).startswith(b"PK\6\6"):
        wide = _END_64.unpack_from(before)
        if before[_END_64.size :].startswith(b"PK\6\7"):
            count, size, start, end = wide[7], wide[8], wide[9], end - wide_size
    base = end - size - start  # bytes put before the archive
    if base < 0:
        raise BrokenArchive("its table of contents reaches outside of the file")
    if count * _ENTRY.size > size:
        raise BrokenArchive(f"its table of contents announces {count:,} records but holds fewer")
    return count, size, start + base, base


def _wide(extra: bytes, size: int, packed: int, header: int) -> tuple[int, int, int]:
    """Return size, packed size and header offset of an entry in ZIP64, whose 32-bit fields are too small."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = int.from_bytes(extra[at : at + 2], "little"), int.from_bytes(extra[at + 2 : at + 4], "little")
        if kind == 1:
            sizes = extra[at + 4 : at + 4 + length]
            found = [int.from_bytes(sizes[i : i + 8], "little") for i in range(0, len(sizes) - 7, 8)]
            wanted = [size, packed, header]
            for index, each in enumerate(wanted):
                if each == _TOO_LARGE and found:
                    wanted[index] = found.pop(0)
            return wanted[0], wanted[1], wanted[2]
        at += 4 + length
    return size, packed, header
