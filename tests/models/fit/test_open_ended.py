"""Of all of `models/fit/`: names and shapes of every kind, in bounded time, without an error."""

from __future__ import annotations

import re
import string

from hypothesis import given, settings
from hypothesis import strategies as st

from models.fit.code import code_for
from models.fit.links import CERTAINTIES
from models.fit.misfits import misfits
from models.fit.name_lists import name_templates
from models.fit.proposal import propose
from models.fit.rename_rules import renames_of
from models.fit.sides import Side
from tests.cases import examples

PARTS = st.sampled_from(
    ["", "a", "b", "layers", "0", "1", "2", "10", "01", "٣", "9" * 5000, "w" + "9" * 5000, "q_proj", "weight", "bias",
     "gamma", "running_mean", "original0", "parametrizations", "\0", "#", "#+1", "{n}", "*", "=", "\n", "\ud800",
     "'\"\\"]
)  # fmt: skip
NAMES = st.lists(PARTS, min_size=1, max_size=5).map(".".join)
SHAPES = st.sampled_from([(), (0,), (2,), (4,), (2, 4), (4, 2), (4, 4), (2, 2, 2), (8, 2, 2, 2)])
SIDES = st.dictionaries(NAMES, SHAPES, max_size=14)


@settings(max_examples=examples(100), deadline=None)
@given(SIDES, SIDES)
def test_whatever_the_names_are_every_tensor_is_in_one_list_and_the_python_is_python(network, file):
    proposal = propose(network, file)
    mapping = proposal.mapping()
    assert mapping.keys() <= file.keys()
    taken = [name for names in mapping.values() for name in names]
    assert set(taken) <= network.keys()
    sides = Side(dict(network)), Side(dict(file))
    found = misfits(proposal, *sides, CERTAINTIES)
    ours = [each.name for each in (*found.matched, *found.missing, *found.shape)]
    assert sorted(ours) == sorted(network)
    assert {each.name for each in found.unexpected} == file.keys() - mapping.keys()
    compile(code_for(proposal, sides[0], found, "w.pt"), "code", "exec")
    assert sorted(name for each in name_templates(network) for name in each.names) == sorted(network)
    renames_of(proposal)


LETTERS = st.text(string.ascii_lowercase, min_size=2, max_size=6)


@settings(max_examples=examples(60), deadline=None)
@given(st.integers(2, 12), st.lists(LETTERS, min_size=2, max_size=5, unique=True), LETTERS, LETTERS)
def test_what_renames_all_names_alike_is_found_whole(blocks, modules, head, word):
    network = {f"blocks.{n}.{module}.weight": (at + 2, 9) for n in range(blocks) for at, module in enumerate(modules)}
    network |= {"first.weight": (50, 9), "last.weight": (60, 9)}
    right = {f"{head}.{re.sub('^blocks', word, name)}": name for name in network}
    proposal = propose(network, {name: network[right[name]] for name in sorted(right)})
    assert proposal.mapping() == {name: [right[name]] for name in right}


def test_thousands_of_names_that_have_nothing_in_common_end_soon():
    network = {f"a{n}x.b{n * 7 % 2000}y.weight": (4, 4) for n in range(2000)}
    file = {f"c{n * 3 % 2000}z.d{n}w.weight": (4, 4) for n in range(2000)}
    assert propose(network, file).links == []
