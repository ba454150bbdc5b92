"""Of `name_lists`: names in few lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.fit.name_lists import name_templates, ranges


def texts(names):
    return [template.text for template in name_templates(names)]


def test_layers_are_one_line():
    names = [f"layers.{n}.attn.w{x}" for n in range(32) for x in "qk"]
    assert texts(names) == ["layers.[0-31].attn.wq", "layers.[0-31].attn.wk"]


def test_numbers_that_are_left_out_are_seen():
    assert texts(["l.0.w", "l.1.w", "l.3.w", "head"]) == ["l.[0-1,3].w", "head"]
    assert ranges(["0", "1", "3", "4", "5"]) == "[0-1,3-5]"
    assert ranges(["00", "1"]) == "[00,1]"


def test_what_is_no_box_is_parted_at_the_layer():
    names = [f"l.{n}.e.{e}.w" for n in range(3) for e in range(2 if n else 4)]
    assert texts(names) == ["l.0.e.[0-3].w", "l.[1-2].e.[0-1].w"]


@given(st.lists(st.lists(st.sampled_from(["a", "0", "1", "2", "10", "b"]), min_size=1, max_size=4).map(".".join)))
def test_every_name_is_in_one_template(names):
    names = list(dict.fromkeys(names))
    found = [name for template in name_templates(names) for name in template.names]
    assert sorted(found) == sorted(names)
