"""The dtypes of the safetensors format: its name for each of ours.

See `Dtype` in https://github.com/huggingface/safetensors.
"""

from __future__ import annotations

CODES = {
    "bool": "BOOL",
    "uint8": "U8",
    "int8": "I8",
    "uint16": "U16",
    "int16": "I16",
    "uint32": "U32",
    "int32": "I32",
    "uint64": "U64",
    "int64": "I64",
    "float16": "F16",
    "bfloat16": "BF16",
    "float32": "F32",
    "float64": "F64",
    "complex64": "C64",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2",
    "float8_e8m0fnu": "F8_E8M0",
    "float8_e4m3fnuz": "F8_E4M3FNUZ",
    "float8_e5m2fnuz": "F8_E5M2FNUZ",
    "F6_E2M3": "F6_E2M3",
    "F6_E3M2": "F6_E3M2",
    "float4_e2m1fn_x2": "F4",
}
"""The format's name of a dtype, by the name in `stored.dtypes`; others it does not hold."""
