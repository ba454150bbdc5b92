"""Of the whole of `models/fit/`: names that libraries other than transformers give the same weights."""

from __future__ import annotations

from models.fit.proposal import propose
from tests.models.fit.fit_cases import Score, cases, score


def test_what_is_certain_or_likely_is_right_and_most_is_found():
    total, whole = Score(), 0
    for case in cases("libraries").values():
        found = score(case, propose(case.network, case.file))
        whole += not (found.wrong or found.left_open)
        total += found
    assert (total.certain_wrong, total.likely_wrong) == (0, 0)
    assert total.right >= 0.95 * (total.right + total.wrong + total.left_open)
    assert whole >= 90
