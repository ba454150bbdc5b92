"""Of `telling_apart`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.telling_apart import cut_names, cut_paths
from tui.text import fit_name

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


RGNET = tuple(f"0.block {block}.{layer}.{of}" for block in range(4) for layer in (0, 2) for of in ("weight", "bias"))
LONG = tuple(
    f"encoder.layers_of_the_transformer.{layer}.{block}_attention_block.{which}.weight"
    for layer in range(12)
    for block in ("self", "cross")
    for which in ("query_projection_layer", "key_projection_layer", "output_projection")
)


@pytest.mark.parametrize("width", range(12, 25))
def test_paths_that_would_be_alike_show_what_differs(width: int) -> None:
    """`fit_name` makes `0…0.weight` of the first layer of each of the four blocks."""
    for paths in (RGNET, LONG):
        cut = cut_paths(paths, width)
        assert len({*cut.values()}) == len(paths)
        assert all(cell_len(text) <= width for text in cut.values())


def test_paths_that_differ_are_cut_as_before() -> None:
    paths = ("model.layers.10.mlp.127.down_proj.weight", "model.layers.10.mlp.128.down_proj.weight")
    assert [text.rstrip() for text in cut_paths(paths, 24).values()] == [fit_name(path, 24) for path in paths]
    assert cut_paths(RGNET, 12)["0.block 3.2.weight"] == "…3.2.weight"
    assert cut_paths(LONG, 20)[LONG[-1]] == "…11.cross…output_pr…"


def test_names_of_very_many_words_are_cut_as_if_they_stood_alone() -> None:
    """Nobody sees in a line which of hundreds of words differ, and to find out takes long."""
    for link in "_", ".":
        words = [f"{number:03}" for number in range(100)]
        paths = tuple(link.join([*words[:50], which, *words[50:]]) for which in ("key", "value"))
        assert [text.rstrip() for text in cut_paths(paths, 20).values()] == [fit_name(path, 20) for path in paths]


@given(st.lists(st.text("ab_字1", min_size=1, max_size=20), unique=True, max_size=8), st.integers(1, 24))
def test_names_keep_their_room_and_those_that_fit_are_whole(names: list[str], width: int) -> None:
    cut = cut_names(tuple(names), width)
    assert [*cut] == names
    assert all(cell_len(text) <= width for text in cut.values())
    assert all(cut[name] == name for name in names if cell_len(name) <= width)
