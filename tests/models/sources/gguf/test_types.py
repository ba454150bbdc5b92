"""The table of types against the one of the maintained package."""

from __future__ import annotations

from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

from models.sources.gguf.types import BLOCKS, PLAIN, dtype_of


def test_every_type_that_the_package_knows() -> None:
    for kind in GGMLQuantizationType:
        elements, size = GGML_QUANT_SIZES[kind]
        dtype = dtype_of(int(kind))
        assert dtype is not None, kind
        assert (dtype.per_unit, dtype.unit) == (elements, size), kind
        if int(kind) in BLOCKS:
            assert dtype.name == kind.name
            assert dtype.plain.name == "float32"


def test_a_type_is_one_object_and_in_one_table() -> None:
    assert not set(BLOCKS) & set(PLAIN)
    assert dtype_of(12) is dtype_of(12)
    assert dtype_of(4) is None  # Q4_2, which ggml dropped
