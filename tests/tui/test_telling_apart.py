"""Of `telling_apart`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.telling_apart import cut_names

LSTM = tuple(
    f"{what}_{of}_l{layer}{end}"
    for layer in (0, 1)
    for end in ("", "_reverse")
    for what in ("weight", "bias")
    for of in ("ih", "hh")
)


@pytest.mark.parametrize("width", range(7, 21))
def test_the_weights_of_an_lstm_are_told_apart(width: int) -> None:
    cut = cut_names(LSTM, width)
    assert len({*cut.values()}) == len(LSTM)
    assert all(cell_len(text) <= width for text in cut.values())


def test_what_differs_stays_in_whole_words_where_there_is_room() -> None:
    cut = cut_names(LSTM, 10)
    assert cut["weight_ih_l0_reverse"] == "wei…ih_l0…"
    assert cut["weight_hh_l1_reverse"] == "wei…hh_l1…"
    assert (cut["weight_ih_l0"], cut["bias_ih_l0"]) == ("weig…ih_l0", "bias_ih_l0"), "as before: they differ"
    names = [f"layer_number_{number}_of_many" for number in range(30)]
    assert cut_names(tuple(names), 8)["layer_number_17_of_many"] == "laye…17…"


@given(st.lists(st.text("ab_字1", min_size=1, max_size=20), unique=True, max_size=8), st.integers(1, 24))
def test_names_keep_their_room_and_those_that_fit_are_whole(names: list[str], width: int) -> None:
    cut = cut_names(tuple(names), width)
    assert [*cut] == names
    assert all(cell_len(text) <= width for text in cut.values())
    assert all(cut[name] == name for name in names if cell_len(name) <= width)
