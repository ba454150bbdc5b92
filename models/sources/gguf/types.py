"""The types of ggml, `enum ggml_type` of `ggml.h`: their codes in a file and the sizes of their blocks."""

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
"""Types whose elements lie in the file as they are, by code."""

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


FILE_TYPES: dict[int, str] = {
    0: "all F32", 1: "mostly F16", 2: "mostly Q4_0", 3: "mostly Q4_1", 4: "mostly Q4_1, some F16", 5: "mostly Q4_2",
    6: "mostly Q4_3", 7: "mostly Q8_0", 8: "mostly Q5_0", 9: "mostly Q5_1", 10: "mostly Q2_K", 11: "mostly Q3_K_S",
    12: "mostly Q3_K_M", 13: "mostly Q3_K_L", 14: "mostly Q4_K_S", 15: "mostly Q4_K_M", 16: "mostly Q5_K_S",
    17: "mostly Q5_K_M", 18: "mostly Q6_K", 19: "mostly IQ2_XXS", 20: "mostly IQ2_XS", 21: "mostly Q2_K_S",
    22: "mostly IQ3_XS", 23: "mostly IQ3_XXS", 24: "mostly IQ1_S", 25: "mostly IQ4_NL", 26: "mostly IQ3_S",
    27: "mostly IQ3_M", 28: "mostly IQ2_S", 29: "mostly IQ2_M", 30: "mostly IQ4_XS", 31: "mostly IQ1_M",
    32: "mostly BF16", 33: "mostly Q4_0_4_4", 34: "mostly Q4_0_4_8", 35: "mostly Q4_0_8_8", 36: "mostly TQ1_0",
    37: "mostly TQ2_0", 38: "mostly MXFP4, experts", 39: "mostly NVFP4", 40: "mostly Q1_0", 1024: "guessed",
}  # fmt: skip
"""What `general.file_type` says of a whole file, `enum llama_ftype` of `llama.h`."""


def dtype_of(code: int) -> DType | None:
    """Return the dtype that ggml has under this code; None for one that is not known."""
    if code in BLOCKS:
        name, elements, size = BLOCKS[code]
        return dtypes.quantised(name, size, elements)
    return PLAIN.get(code)


def unknown_type(code: int) -> DType:
    """Return what stands for the dtype of a code that is not known; its elements cannot be read."""
    return dtypes.quantised(f"type {code}", 1, 1)
