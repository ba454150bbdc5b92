"""Saved files read by Python and torch alone, as oracles; and what is to be saved."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.saving.plan import Candidate, Form, plan
from models.saving.writing import write
from models.tensors.torch_readable import readable_of

CODES = {
    "BOOL": torch.bool, "U8": torch.uint8, "I8": torch.int8, "I16": torch.int16, "I32": torch.int32,
    "I64": torch.int64, "F16": torch.float16, "BF16": torch.bfloat16, "F32": torch.float32, "F64": torch.float64,
    "C64": torch.complex64, "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2,
}  # fmt: skip


def safetensors_header(path: Path) -> tuple[dict[str, Any], bytes]:
    """The JSON of a safetensors file, and the bytes behind it."""
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    assert length % 8 == 0
    return json.loads(raw[8 : 8 + length]), raw[8 + length :]


def safetensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file, after a check that their bytes fill it in order and lie aligned."""
    header, data = safetensors_header(path)
    header.pop("__metadata__", None)
    reached = 0
    found = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        assert begin == reached
        reached = end
        dtype = CODES[entry["dtype"]]
        assert begin % dtype.itemsize == 0
        empty = torch.empty(0, dtype=dtype)
        items = torch.frombuffer(bytearray(data[begin:end]), dtype=dtype) if end > begin else empty
        found[name] = items.reshape(entry["shape"])
    assert reached == len(data)
    return found


def same(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors have one dtype, one shape and the same bytes, NaN and the sign of zero too."""
    raw = [each.detach().contiguous().reshape(-1).view(torch.uint8) for each in (a, b)]
    return a.dtype == b.dtype and a.shape == b.shape and bool(torch.equal(*raw))


def candidates(tensors: dict[str, Tensor]) -> list[Candidate]:
    return [Candidate(path, readable_of(tensor)) for path, tensor in tensors.items()]


def save(tensors: dict[str, Tensor], out: Path, form: Form, **options: Any) -> dict[str, int]:
    """Write live tensors to a new file."""
    return write(plan(candidates(tensors), form, **options), out, {}, lambda done, path: None)
