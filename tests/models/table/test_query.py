"""What a query means, and the errors of one that means nothing.

Of `query` and `terms`.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.table.query import parse_query
from models.table.terms import QueryError


def holds(term: str, value: object) -> bool:
    query = parse_query(term)
    assert query.words == ""
    assert len(query.terms) == 1
    return query.terms[0].test(value)


def test_words_and_terms_are_distinguished() -> None:
    query = parse_query("  attn dtype:bf16 q_proj size > 1MB weight:0 ")
    assert query.words == "attn q_proj weight:0"
    assert [term.field for term in query.terms] == ["dtype", "bytes"]
    assert not query.needs_statistics
    assert parse_query("mlp nan>0").needs_statistics
    assert parse_query("a std>1 b") == parse_query("a std>1 b")
    assert query.remark.startswith("'weight:0' is searched as text. Of facts there are dtype, size")
    assert parse_query("attn dtype:bf16 !bias").remark == ""


@pytest.mark.parametrize(
    ("term", "fits", "not_fits"),
    [
        ("dtype:bf16", "bfloat16", "float16"),
        ("dtype:fp16", "float16", "bfloat16"),
        ("dtype:half", "float16", "float32"),
        ("dtype:float", "float64", "bfloat16"),
        ("dtype:i8", "int8", "uint8"),
        ("dtype:int8", "int8", "int16"),
        ("DTYPE=F32", "float32", "float64"),
        ("dtype:torch.int64", "int64", "int32"),
        ("dtype:bf16,f32", "float32", "float16"),
        ("dtype:q4", "Q4_K", "Q6_K"),
        ("dtype:e4m3", "float8_e4m3fn", "float8_e5m2"),
        ("kind:buf", "buffer", "parameter"),
        ("kind:buffer,state", "state", "parameter"),
        ("place:00002", "model-00002-of-3.safetensors @ 8", "model-00001-of-3.safetensors @ 8"),
        ("shape:4096", (8, 4096, 2), (8, 409, 6)),
        ("shape:4096x*", (4096, 3), (3, 4096)),
        ("shape:[*,4096]", (3, 4096), (3, 4096, 1)),
        ("shape:[*, 4096]", (3, 4096), (4096,)),
        ("shape:2×3", (2, 3), (3, 2)),
        ("shape:[7]", (7,), (7, 7)),
        ("shape:[]", (), (1,)),
        ("shape:2x...x5", (2, 3, 4, 5), (2,)),
        ("shape:...x64", (64,), (64, 3)),
        ("rank>=3", 3, 2),
        ("size>1MB", 2**20 + 1, 2**20),
        ("size<=4k", 4096, 4097),
        ("size=>4KiB", 4096, 4095),
        ("bytes:0", 0, 1),
        ("size:31KB", 31_800, 31_000),
        ("elements>1M", 1_000_001, 1_000_000),
        ("params:7", 7, 8),
        ("nan>0", 1, 0),
        ("std<1e-3", 0.0005, 0.001),
        ("mean:0", 0.0, 1e-9),
        ("mean:0.02", 0.01999, 0.0202),
        ("min<-1.5", -2.0, -1.0),
        ("max>=.5", 0.5, 0.4),
        ("zeros>50%", 0.6, 0.5),
        ("nonfinite>0", 1, 0),
        ("nonfinite<1%", 0.0, 0.5),
        ("absmax>3", 3.5, 3),
        ("dtype:!f32", "bfloat16", "float32"),
        ("!dtype:f32", "bfloat16", "float32"),
        ("dtype != f32", "bfloat16", "float32"),
        ("! dtype:f32".replace(" ", ""), "int8", "float32"),
        ("dtype:!f32,bf16", "float16", "bfloat16"),
        ("!dtype:!f32", "float32", "bfloat16"),
        ("dtype≠f32", "float16", "float32"),
        ("kind:!buffer", "parameter", "buffer"),
        ("place:!00002", "model-00001.safetensors @ 8", "model-00002.safetensors @ 8"),
        ("shape:!4096", (8, 3), (8, 4096)),
        ("shape:![2, 3]", (3, 2), (2, 3)),
        ("rank!=2", 3, 2),
        ("!size>1MB", 2**20, 2**20 + 1),
        ("!zeros>50%", 0.5, 0.6),
        ("!bias", "0.weight", "0.Bias"),
        ("!w:0", "a.b", "w:0"),
    ],
)
def test_terms(term: str, fits: object, not_fits: object) -> None:
    assert holds(term, fits)
    assert not holds(term, not_fits)


@pytest.mark.parametrize("term", ["size>", "dtype:", "shape:", "std <", "shape:[", "shape:4096x", "dtype:,",
                                  "!", "dtype:!", "!size>", "shape:![", "dtype:!,", "!shape:(", "rank!="])  # fmt: skip
def test_a_term_being_typed_leaves_what_it_will_leave(term: str) -> None:
    assert all(each.test((4096,)) for each in parse_query(term).terms)


@pytest.mark.parametrize(
    ("text", "wrong", "right"),
    [
        ("dtpye:bf16", "dtpye", "dtype:bf16"),
        ("q_proj sise>4k", "sise>4k", "size>4k"),
        ("speed>3", "speed", "dtype, size"),
        ("size>big", "size>big", "size>1MB"),
        ("size>3%", "3%", "size>1MB"),
        ("std<lots", "lots", "std>1e-3"),
        ("kind:weight", "kind:weight", "parameter, buffer"),
        ("shape:wide", "wide", "shape:4096"),
        ("shape>4", "shape>4", "elements>"),
        ("shape:...x2x...", "twice", "once"),
        ("dtype>f32", "dtype", "dtype:f32"),
        ("!dtpye:bf16", "dtpye", "dtype:bf16"),
        ("size:!big", "size:!big", "size>1MB"),
        ("nonfinit>0", "nonfinit", "nonfinite>0"),
        ("shape:" + "9" * 5_000, "…", "shape:4096"),
    ],
)
def test_a_wrong_term_is_named_with_what_is_right(text: str, wrong: str, right: str) -> None:
    with pytest.raises(QueryError) as raised:
        parse_query(text)
    assert wrong in raised.value.title
    assert right in raised.value.remedy
    assert "\n" not in raised.value.title
    assert len(raised.value.title) < 150


@given(
    st.lists(
        st.sampled_from(["size", "shape", "dtype", "mean", "kind", "nan"]) | st.text(max_size=4)
        | st.sampled_from([">", "<=", ":", "=", " ", "!", "[", "]", "4096", "x", "*", "...", "1e999", "%", "k"])
    ).map("".join)
)  # fmt: skip
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        query = parse_query(text)
    except QueryError:
        return
    for term in query.terms:
        for value in ("", 0, -1.5, (3, 4), float("inf")):
            assert term.test(value) in (True, False)
