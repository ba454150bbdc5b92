"""Which tensors are brought together, what is left out, and what renaming is suggested."""

import pytest

from models.diff.difference import LeftOut, Side
from models.diff.pairing import NamesClash, pair, rename, suggestion
from models.diff.tensors import Comparable
from models.tree.globs import Glob, Rename


class Named(Comparable):
    """A tensor of which only the name matters."""

    __slots__ = ()

    def __init__(self, path, lacks="", twins=()):
        super().__init__(Side(path, (1,), "float32"), lacks, twins)

    item_bytes = 4.0

    def reader(self):
        raise AssertionError("nobody reads")


def named(*paths):
    return [Named(path) for path in paths]


def everything(path):
    return True


def told(pairs):
    return [(a and a.path, b and b.path) for a, b in pairs.both]


def test_the_order_is_that_of_a_and_then_of_b():
    pairs = pair(named("z", "b", "a"), named("y", "a", "z"), True, everything)
    assert told(pairs) == [("z", "z"), ("b", None), ("a", "a"), (None, "y")]
    assert (pairs.common, pairs.only_a, pairs.only_b) == (2, ["b"], ["y"])


def test_a_pattern_chooses_by_the_common_name():
    a, b = named("model.l.0.w", "model.l.0.b"), named("l.0.w", "m.w")
    rename(a, [Rename("model.=")])
    assert told(pair(a, b, True, Glob("l.*.w").matches)) == [("l.0.w", "l.0.w")]
    assert a[0].side.path == "model.l.0.w"


def test_what_the_other_kind_cannot_have_is_left_out():
    network = [Named("w"), Named("k", "a constant"), Named("c", "a constant"), Named("tied", "", ("w",))]
    pairs = pair(network, named("w", "c", "extra"), False, everything)
    assert told(pairs) == [("w", "w"), ("c", "c"), (None, "extra")]
    assert [(each.path, each.side) for each in pairs.left_out] == [("k", "a"), ("tied", "a")]
    assert "w" in pairs.left_out[1].reason
    assert pair(named("w"), [Named("w"), Named("step", "state")], False, everything).left_out == [
        LeftOut("step", "b", "state")
    ]


def test_between_two_of_a_kind_everything_counts():
    pairs = pair([Named("k", "a constant"), Named("tied", "", ("w",))], named("w"), True, everything)
    assert told(pairs) == [("k", None), ("tied", None), (None, "w")]


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
