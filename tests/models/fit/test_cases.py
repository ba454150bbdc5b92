"""Of the whole of `models/fit/`: given pairs of networks and files, whose answers are known."""

from __future__ import annotations

import pytest

from models.fit.proposal import propose
from tests.models.fit.fit_cases import Score, cases, score

NOTHING_FITS = ("none_resnet_bert", "none_vit_gpt2")


@pytest.mark.parametrize("name", [name for name in cases("made_up") if name not in NOTHING_FITS])
def test_nothing_that_is_called_certain_is_wrong(name):
    case = cases("made_up")[name]
    found = score(case, propose(case.network, case.file))
    assert (found.certain_wrong, found.likely_wrong) == (0, 0)


@pytest.mark.parametrize("name", [name for name in cases("made_up") if name not in NOTHING_FITS])
def test_every_case_is_found_whole(name):
    case = cases("made_up")[name]
    found = score(case, propose(case.network, case.file))
    assert (found.wrong, found.left_open) == (0, 0)


def test_real_pairs():
    # its table names two towers for every expert, where the shapes fit one of them alone
    names = cases("real").keys() - {"ernie4_5_vl_moe"}
    total = sum((score(case, propose(case.network, case.file)) for case in map(cases("real").get, names)), Score())
    assert total.certain_wrong == 0
    assert total.likely_wrong <= 0.001 * total.right
    assert total.right >= 0.99 * (total.right + total.wrong + total.left_open)


@pytest.mark.parametrize("name", NOTHING_FITS)
def test_nothing_is_proposed_where_nothing_fits(name):
    case = cases("made_up")[name]
    assert propose(case.network, case.file).links == []
