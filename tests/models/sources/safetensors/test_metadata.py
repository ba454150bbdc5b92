"""JSON inside the texts of the metadata."""

from __future__ import annotations

import json

from models.sources.safetensors import unfolded


def test_objects_and_lists_are_unfolded_and_other_texts_are_left():
    texts = {
        "format": "pt",
        "n": "5",
        "config": ' {"layers": [1, {"a": null}]}',
        "list": "[1, 2.5]",
        "open": "{not json",
    }
    assert unfolded(texts) == {
        "format": "pt",
        "n": "5",
        "config": {"layers": [1, {"a": None}]},
        "list": [1, 2.5],
        "open": "{not json",
    }


def test_what_cannot_be_carried_on_stays_text():
    deep, large = "[" * 40 + "]" * 40, '{"a": 18446744073709551616}'
    bottomless = "[" * 200_000
    texts = {"deep": deep, "large": large, "bottomless": bottomless, "infinite": "[1e999]"}
    assert unfolded(texts) == texts


def test_the_work_is_bounded():
    long = json.dumps([[]] * 200_000)
    texts = {"first": long, "second": long, "third": "[1]"}
    found = unfolded(texts)
    assert isinstance(found["first"], list)
    assert found["second"] == long
    assert found["third"] == [1]
