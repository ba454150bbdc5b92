"""Modules that a missing shard leaves without a part."""

from __future__ import annotations

import pytest

from models.sources.shards.incomplete import by_likeness

ONE, TWO = (f"model-0000{number}-of-00002.safetensors" for number in (1, 2))


def test_the_index_says_which_modules_lack_what(write, write_index, opened):
    write(ONE, **{"a.weight": 1, "b.weight": 2, "b.bias": 3})
    write_index({"a.weight": ONE, "a.bias": TWO, "b.weight": ONE, "b.bias": ONE, "c.weight": TWO})
    assert opened().warnings == [
        f"1 of 2 shards is missing: {TWO}",
        "2 tensors are not shown, being in shards that are missing or left out",
        "1 module lacks tensors of missing shards, and classes are inferred from the rest: a (no bias)",
    ]


def test_a_shard_that_is_broken_lost_its_tensors_too(write, write_index, opened, tmp_path):
    write(ONE, **{"a.weight": 1})
    write(TWO, **{"a.bias": 2})
    write_index({"a.weight": ONE, "a.bias": TWO})
    (tmp_path / TWO).write_bytes(b"cut")
    assert "1 module lacks tensors" in opened().warnings[-1]


@pytest.mark.parametrize("which", ["", ONE, "*.safetensors"])
def test_without_an_index_likeness_does(write, opened, which):
    write(ONE, **{f"l.{at}.q.{leaf}": at for at in range(5) for leaf in ("weight", "bias")}, **{"l.5.q.weight": 9})
    assert opened(which).warnings == [
        f"1 of 2 shards is missing: {TWO}",
        "1 module seems to lack tensors of missing shards, and classes are inferred from the rest: l.5.q (no bias)",
    ]
    write(TWO, **{"l.6.k.weight": 1})
    assert opened(which).warnings == []


def test_modules_of_different_kinds_in_a_row_lack_nothing():
    assert by_likeness(["net.0.weight", "net.0.bias", "net.1.weight", "net.2.weight", "net.2.running_mean"]) == []


def test_many_are_named_in_few_words():
    paths = [f"l.{at}.w" for at in range(1000)] + [f"l.{at}.b" for at in range(900)]
    (warning,) = by_likeness(paths)
    assert warning.startswith("100 modules seem to lack ")
    assert warning.endswith(": l.900 (no b), l.901 (no b), l.902 (no b) and 97 more")
