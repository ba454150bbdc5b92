"""Names with `*`, compared with regular expressions, and rules that rename."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tree.globs import Glob, Rename


@given(st.text("ab.*", max_size=8), st.text("ab.", max_size=10))
def test_a_star_is_any_text(pattern, path):
    expression = "(.*?)".join(map(re.escape, pattern.split("*")))
    assert Glob(pattern).matches(path) == bool(re.fullmatch(expression, path))


@given(st.text("ab.*[?", max_size=8), st.text("ab.[?", max_size=10))
def test_captures_put_in_place_of_the_stars_give_the_path_back(pattern, path):
    found = Glob(pattern).captures(path)
    if found is None:
        return
    parts = pattern.split("*")
    assert parts[0] + "".join(map(str.__add__, found, parts[1:])) == path


@pytest.mark.parametrize(
    ("rule", "path", "renamed"),
    [
        ("model.=", "model.layers.0.weight", "layers.0.weight"),
        ("model.=", "other.model.weight", "other.model.weight"),
        ("=model.", "layers.0", "model.layers.0"),
        ("a=b", "a.a", "b.a"),
        ("*.gamma=*.weight", "norm.1.gamma", "norm.1.weight"),
        ("*.gamma=*.weight", "norm.1.beta", "norm.1.beta"),
        ("*_orig_mod.*=**", "net._orig_mod.0.bias", "net.0.bias"),
        ("h.*.attn.*=layers.*.self_attn.*", "h.11.attn.q.bias", "layers.11.self_attn.q.bias"),
        ("*.old=new", "x.y.old", "new"),
        ("a=b=c", "a.x", "b=c.x"),
        ("[red].=", "[red].w", "w"),
    ],
)
def test_rules(rule, path, renamed):
    assert Rename(rule)(path) == renamed


@pytest.mark.parametrize("rule", ["model.", "", "a=*", "*=**"])
def test_what_is_no_rule(rule):
    with pytest.raises(ValueError, match=r"old=new|more \*"):
        Rename(rule)


def test_a_hostile_name_takes_no_time():
    started = time.process_time()
    assert not Glob("*a*a*a*a*a*a*a*b").matches("a" * 200_000)
    assert time.process_time() - started < 2  # a regular expression would take years
