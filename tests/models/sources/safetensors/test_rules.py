"""Counting quotation marks finds every name that is there twice, and no other."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.sources.safetensors.header import _decoded, _metadata
from models.sources.safetensors.rules import BrokenHeader, check_names, quotes

ENTRY = {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}
TEXT = st.text(st.sampled_from('"\\/ab\n:{}é😀'), max_size=5)


@given(st.recursive(TEXT | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner)), st.booleans())
def test_only_those_of_texts_are_counted(value, ascii_only):
    def texts(value: object) -> int:
        if isinstance(value, dict):
            return sum(1 + texts(each) for each in value.values())
        return sum(map(texts, value)) if isinstance(value, list) else isinstance(value, str)

    assert quotes(json.dumps(value, ensure_ascii=ascii_only).encode()) == 2 * texts(value)


@given(st.lists(TEXT, max_size=5), st.lists(st.tuples(TEXT, TEXT), max_size=3), st.booleans())
def test_names_are_found_twice_exactly_when_they_are(names, metadata, ascii_only):
    def text(value: object) -> str:
        return json.dumps(value, ensure_ascii=ascii_only)

    pairs = [f"{text(name)}: {text(ENTRY)}" for name in names]
    pairs.insert(len(pairs) // 2, f'"__metadata__":{{{",".join(f"{text(k)}:{text(v)}" for k, v in metadata)}}}')
    raw = f"{{{', '.join(pairs)}}}".encode()
    entries = _decoded(raw)
    texts = _metadata(entries.pop("__metadata__"))
    if len(set(names)) == len(names) and len(dict(metadata)) == len(metadata):
        check_names(raw, entries, texts)
    else:
        with pytest.raises(BrokenHeader, match="twice"):
            check_names(raw, entries, texts)
