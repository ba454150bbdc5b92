"""Globs with numbers in them, and renames by such rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tree.globs import Rename


@pytest.mark.parametrize(
    ("rule", "path", "renamed"),
    [
        ("layer{n}.=stages.{n-1}.layers.", "layer3.0.conv1.weight", "stages.2.layers.0.conv1.weight"),
        ("layers.{n}.=layers.{n+1}.", "layers.9.w", "layers.10.w"),
        ("a.{n}.b.{m}=b.{m}.a.{n}", "a.1.b.22.w", "b.22.a.1.w"),
        ("*.bn{k}.*=*.conv{k}.norm.*", "layer1.0.bn2.bias", "layer1.0.conv2.norm.bias"),
        ("layers.{n}.=x.", "head.w", "head.w"),
        ("layers.{n}.=x.", "layers.a.w", "layers.a.w"),
        ("layers.{n}.w=x", "encoder.layers.0.w", "encoder.layers.0.w"),
        ("*.{n}=*", "a.b.3", "a.b"),
    ],
)
def test_numbers_stand_where_they_are_named(rule, path, renamed):
    assert Rename(rule)(path) == renamed
    assert Rename(rule).fits(path) == (path != renamed)


@pytest.mark.parametrize("rule", ["a{n}b{n}=c", "a{n+1}=c", "a{n}=b{m}", "a{n}*=**"])
def test_a_rule_that_cannot_be_meant_is_refused(rule):
    with pytest.raises(ValueError, match=r"left|right"):
        Rename(rule)


def test_a_rule_without_numbers_on_its_left_takes_braces_as_they_are():
    assert Rename("a.=b{n}.")("a.w") == "b{n}.w"


@given(st.integers(0, 10**17), st.integers(-99, 99), st.text("ab.*", max_size=5))
def test_there_and_back(number, shift, rest):
    if number + shift < 0:
        return
    there = Rename(f"l.{{n}}.=m.{{n{shift:+d}}}.")
    back = Rename(f"m.{{n}}.=l.{{n{-shift:+d}}}.")
    path = f"l.{number}.{rest}"
    assert there(path) == f"m.{number + shift}.{rest}"
    assert back(there(path)) == path
