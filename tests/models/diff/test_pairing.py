"""Which tensors are brought together, what is left out, and what renaming is suggested."""

import pytest

from models.diff.difference import NotCompared, TensorSide
from models.diff.pairing import NamesClash, pair, rename, suggestion
from models.diff.tensors import Comparable
from models.tensors.readable import Absent
from models.tree.globs import Glob, Rename


def of_name(path, lacks="", twins=(), stored=False):
    """A tensor of which only the name matters."""
    return Comparable(TensorSide(path, (1,), "float32"), Absent("none", "nobody reads"), lacks, twins, stored)


def named(*paths):
    return [of_name(path) for path in paths]


def everything(path):
    return True


def paths(pairs):
    return [(a and a.path, b and b.path) for a, b in pairs.both]


def test_the_order_is_that_of_a_and_then_of_b():
    pairs = pair(named("z", "b", "a"), named("y", "a", "z"), True, everything)
    assert paths(pairs) == [("z", "z"), ("b", None), ("a", "a"), (None, "y")]
    assert (pairs.common, pairs.only_a, pairs.only_b) == (2, ["b"], ["y"])


def test_a_pattern_chooses_by_the_common_name():
    a, b = named("model.l.0.w", "model.l.0.b"), named("l.0.w", "m.w")
    rename(a, [Rename("model.=")])
    assert paths(pair(a, b, True, Glob("l.*.w").matches)) == [("l.0.w", "l.0.w")]
    assert a[0].side.path == "model.l.0.w"


def test_what_the_other_kind_cannot_have_is_left_out():
    network = [of_name("w"), of_name("k", "a constant"), of_name("c", "a constant"), of_name("tied", "", ("w",))]
    pairs = pair(network, named("w", "c", "extra"), False, everything)
    assert paths(pairs) == [("w", "w"), ("c", "c"), (None, "extra")]
    assert [(each.path, each.side) for each in pairs.left_out] == [("k", "a"), ("tied", "a")]
    assert "w" in pairs.left_out[1].reason
    assert pair(named("w"), [of_name("w"), of_name("step", "state")], False, everything).left_out == [
        NotCompared("step", "b", "state")
    ]


def test_between_two_of_a_kind_everything_counts():
    pairs = pair([of_name("k", "a constant"), of_name("tied", "", ("w",))], named("w"), True, everything)
    assert paths(pairs) == [("k", None), ("tied", None), (None, "w")]


def test_a_file_may_hold_a_tied_tensor_under_one_name_alone():
    tied = [of_name("embed.w", "", ("head.w",), True), of_name("head.w", "", ("embed.w",), True)]
    for a, b, side in ((tied, named("embed.w"), "a"), (named("embed.w"), tied, "b")):
        pairs = pair(a, b, True, everything)
        assert paths(pairs) == [("embed.w", "embed.w")]
        assert [(each.path, each.side, each.reason) for each in pairs.left_out] == [
            ("head.w", side, "tied to embed.w, which the other holds once")
        ]
    assert pair(named("embed.w"), tied, False, everything).only_b == ["head.w"]


def test_two_tensors_cannot_take_one_name():
    with pytest.raises(NamesClash, match=r"'a\.w' and 'b\.w' one name: 'w'"):
        rename(named("a.w", "b.w"), [Rename("a.="), Rename("b.=")])


@pytest.mark.parametrize(
    ("a", "b", "rule"),
    [
        (["module.w", "module.b"], ["w", "b"], "module.="),
        (["w", "b"], ["model.w", "model.b", "model.c"], "=model."),
        (["state_dict.model.w", "state_dict.model.b"], ["w", "b", "epoch"], "state_dict.model.="),
        (["old.w", "old.b"], ["new.w", "new.b"], "old.=new."),
    ],
)
def test_a_prefix_that_keeps_them_apart_is_found(a, b, rule):
    found = suggestion(pair(named(*a), named(*b), True, everything))
    assert found == (rule, len(a))
    renamed = named(*a)
    rename(renamed, [Rename(found[0])])
    assert pair(renamed, named(*b), True, everything).common == len(a)


def test_without_much_to_gain_nothing_is_suggested():
    assert suggestion(pair(named("a.w", "x", "y", "z"), named("b.w", "p", "q", "r"), True, everything)) is None
    assert suggestion(pair(named("w"), named("w"), True, everything)) is None


def test_of_two_that_pair_as_many_the_one_that_comes_first_is_suggested() -> None:
    theirs = named("model.w", "model.b", "model_ema.w", "model_ema.b")
    assert suggestion(pair(named("w", "b"), theirs, True, everything)) == ("=model.", 2)
    assert suggestion(pair(theirs, named("w", "b"), True, everything)) == ("model.=", 2)
