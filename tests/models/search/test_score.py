"""Points and positions of single matches."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.search.score import fold_case, is_word_start, score


@given(st.text())
def test_folding_keeps_every_index(text: str) -> None:
    assert len(fold_case(text)) == len(text)


@pytest.mark.parametrize(
    ("path", "starts"),
    [("block 1.bias", "b1b"), ("selfAttn.q_proj", "sAqp"), ("conv2d", "c2d"), ("___a", "a")],
)
def test_word_starts(path: str, starts: str) -> None:
    found = "".join(path[index] for index in range(len(path)) if is_word_start(path, index) and path[index] != "_")
    assert found == starts


def test_the_occurrence_in_the_last_component_is_shown() -> None:
    assert score("bias.bias", "bias.bias", [("bias", True)])[1] == [5, 6, 7, 8]
    assert score("norm.renorm", "norm.renorm", [("norm", True)])[1] == [0, 1, 2, 3]


def test_each_word_has_its_own_characters() -> None:
    words = [("7", True), ("77", True)]
    assert (
        score("layers.7.experts.77", "layers.7.experts.77", words)[0]
        > score("layers.0.x.77", "layers.0.x.77", words)[0]
    )
    assert score("a.7.b.77", "a.7.b.77", words)[1] == [2, 6, 7]


def test_side_by_side_beats_scattered() -> None:
    together = score("x.qkv", "x.qkv", [("qv", False)])[0]
    apart = score("q.k.k.k.k.xv", "q.k.k.k.k.xv", [("qv", False)])[0]
    assert together > apart
