"""The header of a GGUF file: its metadata, and which tensors lie where.  Checked against the file that is there.

By https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3, little-endian.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from math import prod
from operator import attrgetter
from struct import Struct
from typing import Any, NamedTuple

from ...opened.source import SourceError
from ...stored.dtypes import DType
from ...stored.file import DataFile
from .cursor import Cursor, quoted_name
from .types import dtype_of, unknown_type
from .values import read_entry

MAGIC = b"GGUF"
"""The first bytes of a file."""
VERSIONS = (2, 3)
"""The versions of the format that are read."""

_DIMENSION_LIMIT = 8  # ggml has 4; its specification leaves room for more
_VERSION, _COUNTS = Struct("<I"), Struct("<QQ")
_COUNT = Struct("<I")
_SHAPE_TYPE_OFFSET = [Struct(f"<{count}QIQ") for count in range(_DIMENSION_LIMIT + 1)]
_LENGTH = Struct("<Q")
_MIN_ENTRY, _MIN_TENSOR = 13, 24
_LONGEST_REST = _COUNT.size + _SHAPE_TYPE_OFFSET[-1].size
"""Bytes after the name of a tensor, at most."""
_ELEMENT_LIMIT = 1 << 63


class TensorInfo(NamedTuple):
    """One tensor, as the header has it."""

    name: str
    shape: tuple[int, ...]
    """As torch writes it, rows before columns; the file has the fastest dimension first."""
    dtype: DType
    code: int
    """ggml's of the type."""
    offset: int
    """Bytes from the start of the file."""
    nbytes: int
    """Bytes that it takes in the file."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the header of a GGUF file says, checked."""

    metadata: dict[str, Any]
    """By the file's own keys: `general.architecture`; values as JSON has them."""
    infos: list[TensorInfo]
    """The tensors, as the file lists them; one of an unknown type with the bytes up to the next."""
    unknown: dict[int, list[str]]
    """Codes of types that are not known, and the tensors that have them."""


def read_header(file: DataFile) -> Header:
    """Read the header of a GGUF file and check it against the file.

    Raises:
        SourceError: it breaks a rule of the format, or the file ends before its tensors do.
        Unreadable: the file changed or the disk fails.
    """
    cursor = Cursor(file)
    if cursor.take(4) != MAGIC:
        raise SourceError(f"{file.name} is no GGUF file: it does not start with GGUF")
    _check_version(file, cursor.number(_VERSION))
    tensors, entries = cursor.unpack(_COUNTS)
    metadata = _read_metadata(cursor, file, entries)
    alignment = metadata.get("general.alignment", 32)
    if type(alignment) is not int or alignment <= 0 or alignment & (alignment - 1):
        raise _damaged(file, f"its alignment is {quoted_name(str(alignment))}, which is no power of two")
    found = _read_infos(cursor, file, tensors, alignment)
    data = -(-cursor.position // alignment) * alignment
    infos, unknown = _typed(file, found, data)
    _check_extent(file, [info for info in infos if info.code not in unknown])
    return Header(metadata, infos, unknown)


def _typed(file: DataFile, found: list[_Found], data: int) -> tuple[list[TensorInfo], dict[int, list[str]]]:
    """Return the tensors of a type that is known, and the others' names by code; `data` is where offsets count from."""
    infos: list[TensorInfo] = []
    unknown: dict[int, list[str]] = {}
    types = {code: dtype_of(code) for code in {each[2] for each in found}}
    ends = sorted({data + each[3] for each in found} | {file.size}) if None in types.values() else []
    for name, shape, code, offset in found:
        dtype = types[code]
        if dtype is None:
            unknown.setdefault(code, []).append(name)
            place = data + offset
            end = next((each for each in ends[bisect_right(ends, place) :]), place)
            infos.append(TensorInfo(name, shape, unknown_type(code), code, place, end - place))
            continue
        each = dtype.per_unit
        if each > 1 and shape and shape[-1] % each:
            raise _damaged(
                file,
                f"the rows of {quoted_name(name)} have {shape[-1]:,} elements, no multiple of a {dtype.name} block",
            )
        infos.append(TensorInfo(name, shape, dtype, code, data + offset, -(-prod(shape) // each) * dtype.unit))
    return infos, unknown


def _check_version(file: DataFile, version: int) -> None:
    if version in VERSIONS:
        return
    if version and not version & 0xFFFF:
        raise SourceError(
            f"{file.name} is a GGUF file for big-endian machines, which is not read",
            f"Convert it with the gguf package: gguf-convert-endian {quoted_name(file.name)} little",
        )
    raise SourceError(
        f"{file.name} is a GGUF file of version {version}; versions {' and '.join(map(str, VERSIONS))} are read",
        "Convert the model again with a present llama.cpp." if version == 1 else "",
    )


def _read_metadata(cursor: Cursor, file: DataFile, count: int) -> dict[str, Any]:
    cursor.walk(count, _MIN_ENTRY)
    metadata: dict[str, Any] = {}
    for _ in range(count):
        key, value = read_entry(cursor, file.name)
        if key in metadata:
            raise _damaged(file, f"its metadata has {quoted_name(key)} twice")
        metadata[key] = value
    return metadata


_Found = tuple[str, tuple[int, ...], int, int]
"""Name, shape, code of the type, and offset, as they stand in the file."""


def _read_infos(cursor: Cursor, file: DataFile, count: int, alignment: int) -> list[_Found]:
    """Return what the header says of each tensor, checked by itself.

    Most are taken from what the cursor has read ahead, without a call for each number: there may be a million.  One
    that reaches beyond it is read number by number.
    """
    cursor.walk(count, _MIN_TENSOR)
    found: list[_Found] = []
    names: set[str] = set()
    while len(found) < count:
        buffer, at = cursor.ahead()
        for _ in range(count - len(found)):
            begin = at + _LENGTH.size
            end = begin + _LENGTH.unpack_from(buffer, at)[0] if begin <= len(buffer) else len(buffer)
            if end + _LONGEST_REST > len(buffer):
                break
            (dimensions,) = _COUNT.unpack_from(buffer, end)
            if dimensions > _DIMENSION_LIMIT:
                break  # read by itself, it says so
            rest = _SHAPE_TYPE_OFFSET[dimensions]
            *shape, code, offset = rest.unpack_from(buffer, end + _COUNT.size)
            at = end + _COUNT.size + rest.size
            name = buffer[begin:end].decode("utf-8", "backslashreplace")
            shape.reverse()
            if name in names or prod(shape) >= _ELEMENT_LIMIT or 0 in shape or offset % alignment:
                _check(file, names, name, shape, offset, alignment)
            names.add(name)
            found.append((name, tuple(shape), code, offset))
        cursor.passed(at)
        if len(found) < count:
            found.append(_read_info(cursor, file, names, alignment))
    return found


def _read_info(cursor: Cursor, file: DataFile, names: set[str], alignment: int) -> _Found:
    """Read what the header says of the next tensor; its name is added to `names`."""
    name = cursor.text()
    dimensions = cursor.number(_COUNT)
    if dimensions > _DIMENSION_LIMIT:
        raise _damaged(file, f"{quoted_name(name)} has {dimensions:,} dimensions")
    *shape, code, offset = cursor.unpack(_SHAPE_TYPE_OFFSET[dimensions])
    shape.reverse()
    _check(file, names, name, shape, offset, alignment)
    names.add(name)
    return name, tuple(shape), code, offset


def _check(file: DataFile, names: set[str], name: str, shape: list[int], offset: int, alignment: int) -> None:
    if name in names:
        raise _damaged(file, f"it has two tensors {quoted_name(name)}")
    if prod([size or 1 for size in shape]) >= _ELEMENT_LIMIT:
        raise _damaged(file, f"{quoted_name(name)} has a shape {shape} that no memory holds")
    if offset % alignment:
        raise _damaged(file, f"{quoted_name(name)} lies at {offset:,}, no multiple of the alignment {alignment:,}")


def _check_extent(file: DataFile, infos: list[TensorInfo]) -> None:
    """Raise SourceError where a tensor ends beyond the file or lies within the bytes of another.

    Missing bytes are those of a download that broke off; a tensor in another's bytes is no accident.
    """
    infos = sorted(infos, key=attrgetter("offset"))
    end, last = 0, ""
    for info in infos:
        if not info.nbytes:
            continue
        if info.offset < end:
            raise _damaged(file, f"{quoted_name(info.name)} lies within the bytes of {quoted_name(last)}")
        end, last = info.offset + info.nbytes, info.name
    if end > file.size:
        raise SourceError(
            f"{file.name} is cut short: {end - file.size:,} of its {end:,} bytes are missing",
            "Get the file again; a download may have broken off.",
        )


def _damaged(file: DataFile, what: str) -> SourceError:
    return SourceError(f"{file.name} is damaged: {what}", "Get the file again.")
