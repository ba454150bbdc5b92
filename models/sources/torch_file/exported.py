"""Programs of `torch.export.save` (`.pt2`): their weights, by the table that stands beside them.

The format: https://docs.pytorch.org/docs/stable/export/pt2_archive.html
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from ...stored.zip_archive import Archive, BrokenArchive
from .raw import Plain, RawStorage, RawTensor
from .stub_classes import index, sizes

_JSON_LIMIT = 64 << 20
_DTYPES = {
    1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64", 6: "float16", 7: "float32", 8: "float64",
    9: "complex32", 10: "complex64", 11: "complex128", 12: "bool", 13: "bfloat16", 28: "uint16", 29: "float8_e4m3fn",
    30: "float8_e5m2", 31: "float8_e4m3fnuz", 32: "float8_e5m2fnuz", 33: "float8_e8m0fnu", 34: "uint32", 35: "uint64",
}  # fmt: skip
"""Torch's own codes for them in such a file: `ScalarType` of `torch/_export/serde/schema.py`."""


def exported_prefix(names: Collection[str]) -> str | None:
    """Return the folder of a `.pt2` archive with its slash; None for another archive."""
    return next((name[: -len("archive_format")] for name in names if name.endswith("/archive_format")), None)


def exported_weights(archive: Archive, prefix: str) -> tuple[dict[str, Any], int]:
    """Return the weights and constants of a `.pt2` archive by name, and the bytes of their tables.

    Raises:
        BrokenArchive: a table or an entry of it cannot be.
    """
    found: dict[str, Any] = {}
    size = 0
    for folder in ("weights", "constants"):
        start, end = f"{prefix}data/{folder}/", "_config.json"
        for name, record in archive.records.items():
            if name.startswith(start) and name.endswith(end):
                table = _table(archive.read(record, _JSON_LIMIT), name)
                size += record.size
                for key, each in table.items():
                    key = key.encode("utf-8", "backslashreplace").decode()
                    found[key] = _weight(folder, each, name)
    return found, size


def _table(raw: bytes, name: str) -> dict[str, Any]:
    try:
        config = json.loads(raw)["config"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BrokenArchive(f"the record {name!r} is no table of weights") from None
    if not isinstance(config, dict):
        raise BrokenArchive(f"the record {name!r} is no table of weights")
    return config


def _weight(folder: str, entry: Any, name: str) -> RawTensor | Plain:
    """Return one entry: a tensor in a record of its own, or a text for what only torch could read."""
    try:
        meta = entry.get("tensor_meta")
        if entry.get("use_pickle") or meta is None:
            return Plain("object", "pickled, not read")
        dtype = _DTYPES[meta["dtype"]]
        shape, stride = _numbers(meta["sizes"]), _numbers(meta["strides"])
        offset = index(meta["storage_offset"]["as_int"])
        storage = RawStorage(dtype, f"data/{folder}/{entry['path_name']}"[:1000], "cpu", 0)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise BrokenArchive(f"the record {name!r} describes a weight that cannot be") from None
    tensor = RawTensor(storage, dtype, offset, shape, stride, bool(meta.get("requires_grad")))
    tensor.is_parameter = bool(entry.get("is_param"))
    tensor.is_constant = folder == "constants"
    if not tensor.is_parameter and not tensor.is_constant:
        tensor.attributes = {"_is_buffer": True}
    return tensor


def _numbers(entries: Any) -> tuple[int, ...]:
    return sizes([each["as_int"] for each in entries])
