"""JSON from outside, bounded."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.sources.json_values import DEEPEST, NotJson, parsed, summarised

LEAVES = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)


@given(st.recursive(LEAVES | st.text(), lambda each: st.lists(each) | st.dictionaries(st.text(), each), max_leaves=20))
def test_json_is_what_it_says(value):
    assert parsed(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "truncated"),
        (b'"\xff"', "UTF-8"),
        ("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), "deeper than 32"),
        ("[" * 100_000, "too deep"),
        ("[18446744073709551616]", "64 bits"),
        ('{"a": [-9223372036854775809]}', "64 bits"),
        ("NaN", "invalid"),
    ],
    ids=range(7),
)
def test_what_is_refused(text, why):
    with pytest.raises(NotJson, match=why):
        parsed(text)


def test_the_deepest_is_allowed():
    parsed("[" * DEEPEST + "]" * DEEPEST)


def test_long_things_are_summarised_by_their_length():
    found = summarised({"tokens": list(range(200)), "few": [1], "text": "x" * 30_000, "in": {"a": {"b": None}}})
    assert found == {
        "tokens": "200 entries", "few": [1], "text": "text of 29.3 KB", "in": {"a": {"b": None}}
    }  # fmt: skip
