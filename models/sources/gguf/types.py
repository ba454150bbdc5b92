"""The number types of ggml: their codes in a file and the sizes of their blocks."""

from __future__ import annotations

from ...stored import dtypes
from ...stored.dtypes import DType

PLAIN: dict[int, DType] = {
    0: dtypes.FLOAT32,
    1: dtypes.FLOAT16,
    24: dtypes.INT8,
    25: dtypes.INT16,
    26: dtypes.INT32,
    27: dtypes.INT64,
    28: dtypes.FLOAT64,
    30: dtypes.BFLOAT16,
}
"""Types whose numbers lie in the file as they are, by code."""

BLOCKS: dict[int, tuple[str, int, int]] = {
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    9: ("Q8_1", 32, 40),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    29: ("IQ1_M", 256, 56),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36),
    41: ("Q1_0", 128, 18),
}
"""Quantised types by code: name, elements of a block, bytes of a block."""


def dtype_of(code: int) -> DType | None:
    """The type with a code, or None for one that is not known."""
    if code in BLOCKS:
        name, elements, size = BLOCKS[code]
        return dtypes.quantised(name, size, elements)
    return PLAIN.get(code)
