"""Positioned reads of a compressed record of any size, unpacked from the nearest place where that can begin.

The records are raw DEFLATE data (RFC 1951) in zip files.
"""

from __future__ import annotations

import threading
import zlib
from collections import OrderedDict
from typing import Any, NamedTuple

from ..tensors.readable import Unreadable
from .file import DataFile
from .zip_archive import ArchiveRecord, BrokenArchive

BLOCK = 1 << 20
"""Bytes that are unpacked at a time and cached."""
BLOCKS_KEPT = 16
"""Blocks in the cache."""
PLACE_LIMIT = 256
"""Places where unpacking can begin: each costs some 50 KB of memory."""
_PACKED = 1 << 18
"""Packed bytes that are read at a time."""
CHECK_LIMIT = 16 << 20
"""Bytes up to which the checksum of the whole record is verified before the first read returns."""
_HEAD = 1 << 9
"""Packed bytes that are read at a time by `beginning`."""
_RATIO = 1032
"""Bytes that a deflated byte unpacks to at most."""
_DEFLATED = 8


class _Place(NamedTuple):
    block: int
    """The index of the first block that can be unpacked from here."""
    read: int
    """Packed bytes that were read so far."""
    decompressor: Any
    """A decompressor of `zlib`, which can be copied."""
    rest: bytes
    """Packed bytes that were read, but not yet unpacked."""


class Unpacked:
    """The unpacked bytes of a compressed record, read by position.  Safe to use from several threads."""

    def __init__(self, file: DataFile, start: int, record: ArchiveRecord) -> None:
        """Prepare to read the record whose packed bytes begin at byte `start` of `file`.

        Raises:
            BrokenArchive: it is compressed in another way, or claims more bytes than it can unpack to.
        """
        if record.method != _DEFLATED:
            raise BrokenArchive(f"the record {record.name!r} is compressed in a way that is not known")
        if record.size > record.packed * _RATIO + 64:
            raise BrokenArchive(f"the record {record.name!r} is damaged")
        self.name = file.name
        self.size = record.size
        self._file = file
        self._start = start
        self._record = record
        self._apart = max(1, -(-record.size // BLOCK) // PLACE_LIMIT)
        """Blocks from one place where unpacking can begin to the next."""
        self._places = {0: _Place(0, 0, zlib.decompressobj(-15), b"")}
        self._last = self._places[0]
        """The end of the last block that was unpacked: most reads continue there."""
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._summed, self._sum = 0, 0
        """How many blocks the checksum covers so far, and the checksum."""
        self._lock = threading.Lock()

    def read(self, offset: int, size: int) -> bytes:
        """Return exactly `size` unpacked bytes from `offset` on.

        Raises:
            Unreadable: the record is damaged, or the file changed or vanished.
        """
        if offset + size > self.size:
            raise Unreadable(f"{self.name} ends before byte {offset + size:,} of {self._record.name!r}")
        if self.size <= CHECK_LIMIT and not self._summed:
            with self._lock:
                for index in range(-(-self.size // BLOCK)):
                    self._block(index)
        first, last = offset // BLOCK, -(-(offset + size) // BLOCK)
        with self._lock:
            data = b"".join(self._block(index) for index in range(first, last))
        begin = offset - first * BLOCK
        return data[begin : begin + size]

    def beginning(self, size: int) -> bytes:
        """Return the first `size` unpacked bytes, or all there are, without verifying the checksum.

        Raises:
            Unreadable: they cannot be unpacked, or the file changed or vanished.
        """
        return self._next(self._places[0]._replace(decompressor=zlib.decompressobj(-15)), min(size, self.size), _HEAD)[
            0
        ]

    def _block(self, index: int) -> bytes:
        if index in self._blocks:
            self._blocks.move_to_end(index)
            return self._blocks[index]
        nearest = self._places[max(place for place in self._places if place <= index)]
        if nearest.block <= self._last.block <= index:
            nearest = self._last
        place = nearest._replace(decompressor=nearest.decompressor.copy())
        data = b""
        for each in range(place.block, index + 1):
            data, place = self._next(place, min(BLOCK, self.size - each * BLOCK))
            if place.block % self._apart == 0 and place.block not in self._places:
                self._places[place.block] = place._replace(decompressor=place.decompressor.copy())
            self._check(each, data)
            self._blocks[each] = data
            while len(self._blocks) > BLOCKS_KEPT:
                self._blocks.popitem(last=False)
        self._last = place
        return data

    def _check(self, index: int, data: bytes) -> None:
        """Verify the checksum once every block was unpacked: some damage shows only there."""
        if index == self._summed:
            self._sum = zlib.crc32(data, self._sum)
            self._summed += 1
        if self._summed * BLOCK >= self.size and self._sum != self._record.crc:
            self._blocks.clear()
            raise self._damaged

    def _next(self, place: _Place, size: int, packed: int = _PACKED) -> tuple[bytes, _Place]:
        """Return the next `size` bytes and the place after them; `packed` bytes are read at a time."""
        block, read, decompressor, rest = place
        parts: list[bytes] = []
        missing = size
        while missing:
            if not rest:
                rest = self._file.read(self._start + read, min(packed, self._record.packed - read))
                read += len(rest)
            try:
                part = decompressor.decompress(rest, missing)
            except zlib.error:
                raise self._damaged from None
            if not part and (decompressor.eof or not rest or read >= self._record.packed):
                raise self._damaged
            rest = decompressor.unconsumed_tail
            parts.append(part)
            missing -= len(part)
        return b"".join(parts), _Place(block + 1, read, decompressor, rest)

    @property
    def _damaged(self) -> Unreadable:
        return Unreadable(f"{self.name} is broken: the record {self._record.name!r} is damaged")
