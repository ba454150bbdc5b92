"""A compressed record of any size, read by position: unpacked from the nearest place where unpacking can begin."""

from __future__ import annotations

import threading
import zlib
from collections import OrderedDict
from typing import Any, NamedTuple

from .file import DataFile
from .stored import Unreadable
from .zip_archive import BrokenArchive, Record

BLOCK = 1 << 20
"""Bytes that are unpacked at a time, and kept for a while."""
KEPT = 16
"""Blocks."""
MOST_PLACES = 256
"""Where unpacking can begin: each costs some 50 KB."""
_PACKED = 1 << 18
"""Bytes read at a time."""
CHECKED = 16 << 20
"""Bytes up to which a record is checked whole before anything of it is given."""
_HEAD = 1 << 9
"""Packed bytes read at a time for a beginning."""
_RATIO = 1032
"""No deflated byte makes more."""
_DEFLATED = 8


class _Place(NamedTuple):
    block: int
    """The first block that can be unpacked from here."""
    read: int
    """Packed bytes that were read."""
    machine: Any
    """zlib's, which can be copied."""
    rest: bytes
    """Read, not yet unpacked."""


class Unpacked:
    """The bytes of a compressed record, with the reads of a `DataFile`.  Usable from several threads.

    Raises BrokenArchive when it is compressed in another way, or claims more than can be in it.
    """

    def __init__(self, file: DataFile, start: int, record: Record) -> None:
        if record.method != _DEFLATED:
            raise BrokenArchive(f"the record {record.name!r} is compressed in a way that is not known")
        if record.size > record.packed * _RATIO + 64:
            raise BrokenArchive(f"the record {record.name!r} is damaged")
        self.name = file.name
        self.size = record.size
        self._file = file
        self._start = start
        self._record = record
        self._apart = max(1, -(-record.size // BLOCK) // MOST_PLACES)
        """Blocks from one place to the next."""
        self._places = {0: _Place(0, 0, zlib.decompressobj(-15), b"")}
        self._last = self._places[0]
        """Where the last block that was unpacked ends: most reads go on there."""
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._summed, self._sum = 0, 0
        """Blocks whose bytes are in the checksum so far, and that."""
        self._lock = threading.Lock()

    def read(self, offset: int, size: int) -> bytes:
        """Return exactly `size` bytes from `offset` on.

        Raises:
            Unreadable: the record is damaged, or the file changed or vanished.
        """
        if offset + size > self.size:
            raise Unreadable(f"{self.name} ends before byte {offset + size:,} of {self._record.name!r}")
        if self.size <= CHECKED and not self._summed:
            with self._lock:
                for number in range(-(-self.size // BLOCK)):
                    self._block(number)
        first, last = offset // BLOCK, -(-(offset + size) // BLOCK)
        with self._lock:
            data = b"".join(self._block(number) for number in range(first, last))
        begin = offset - first * BLOCK
        return data[begin : begin + size]

    def beginning(self, size: int) -> bytes:
        """Return the first `size` bytes, which nothing is checked of yet; of many records, when they are opened.

        Raises:
            Unreadable: they cannot be unpacked, or the file changed or vanished.
        """
        return self._next(self._places[0]._replace(machine=zlib.decompressobj(-15)), min(size, self.size), _HEAD)[0]

    def _block(self, number: int) -> bytes:
        if number in self._blocks:
            self._blocks.move_to_end(number)
            return self._blocks[number]
        nearest = self._places[max(place for place in self._places if place <= number)]
        if nearest.block <= self._last.block <= number:
            nearest = self._last
        place = nearest._replace(machine=nearest.machine.copy())
        data = b""
        for each in range(place.block, number + 1):
            data, place = self._next(place, min(BLOCK, self.size - each * BLOCK))
            if place.block % self._apart == 0 and place.block not in self._places:
                self._places[place.block] = place._replace(machine=place.machine.copy())
            self._check(each, data)
            self._blocks[each] = data
            while len(self._blocks) > KEPT:
                self._blocks.popitem(last=False)
        self._last = place
        return data

    def _check(self, number: int, data: bytes) -> None:
        """Damage that unpacks shows only in the checksum, which is known once every block has been there."""
        if number == self._summed:
            self._sum = zlib.crc32(data, self._sum)
            self._summed += 1
        if self._summed * BLOCK >= self.size and self._sum != self._record.crc:
            self._blocks.clear()
            raise self._damaged

    def _next(self, place: _Place, size: int, packed: int = _PACKED) -> tuple[bytes, _Place]:
        """Return the next `size` bytes, and where it goes on; `packed` bytes are read at a time."""
        block, read, machine, rest = place
        parts: list[bytes] = []
        missing = size
        while missing:
            if not rest:
                rest = self._file.read(self._start + read, min(packed, self._record.packed - read))
                read += len(rest)
            try:
                part = machine.decompress(rest, missing)
            except zlib.error:
                raise self._damaged from None
            if not part and (machine.eof or not rest or read >= self._record.packed):
                raise self._damaged
            rest = machine.unconsumed_tail
            parts.append(part)
            missing -= len(part)
        return b"".join(parts), _Place(block + 1, read, machine, rest)

    @property
    def _damaged(self) -> Unreadable:
        return Unreadable(f"{self.name} is broken: the record {self._record.name!r} is damaged")
