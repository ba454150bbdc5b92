"""Text fitted to cells.  What `clean` does is tested where it lies: tests/models/test_safe_text.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.text import clean, fit, fit_middle, fit_name, fit_path, fit_right, piece

ANY = st.text(st.characters(), max_size=60) | st.text(
    st.sampled_from("ab\x1b\x07\x9b\u202e\u2066\u200d\ufe0f\u2764\u0301层モ👩🚀\t\n\r\x7f\ud800…"), max_size=40
)
WIDTHS = st.integers(-1, 70)


@pytest.mark.parametrize("text", ["\x1b[2J", "a\nb", "evil\u202egnp.exe", "\ud800", "[/]", "层 0"])
def test_what_is_drawn_is_cleaned(text: str) -> None:
    assert piece(text).text == clean(text)


@given(ANY, WIDTHS)
def test_fitting_is_exact(text: str, width: int) -> None:
    text = clean(text)
    for function in (fit, fit_middle, fit_path, fit_right, fit_name):
        assert cell_len(function(text, width)) == max(width, 0)


@given(st.text(st.sampled_from("abc层モ"), max_size=30), st.integers(5, 40))
def test_a_middle_cut_keeps_both_ends(text: str, width: int) -> None:
    if cell_len(text) > width:
        head, tail = fit_middle(text, width).rstrip().split("…")
        assert text.startswith(head.rstrip())
        assert text.endswith(tail)


def test_a_path_keeps_its_end() -> None:
    path = "model.encoder.layers.10.self_attn.in_proj_weight"
    assert fit_path(path, 60) == path.ljust(60)
    assert fit_path(path, 37) == "model.enc…10.self_attn.in_proj_weight"
    assert fit_path(path, 36) == "model.en…10.self_attn.in_proj_weight"  # and not layer 0
    assert fit_path(path.replace("10", "123456789"), 37) == "model.enc….self_attn.in_proj_weight  "
    assert fit_path(path, 24) == "…elf_attn.in_proj_weight"


def test_wide_characters_are_not_halved() -> None:
    assert fit("层层层", 4) == "层… "
    assert fit_middle("层层层层层", 7) == "层…层层"
    assert fit_right("层", 4) == "  层"


def test_a_name_that_is_cut_still_says_which_one_it_is() -> None:
    path = "model.layers.10.mlp.experts.127.down_proj.weight"
    assert fit_name(path, 50) == path.ljust(50)
    assert fit_name(path, 36).rstrip() == "model…10…127.down_proj.weight"
    assert fit_name(path, 24) == "…10…127.down_proj.weight"
    assert fit_name(path, 20) == "…10…127…_proj.weight"
    similar = ("mlp.gate_up_proj", "input_layernorm", "self_attn.q_proj", "self_attn.k_proj")
    for width in range(16, 50):
        assert len({fit_name(f"model.layers.0.{name}.weight", width) for name in similar}) == 4, width
    for width in range(14, 60):
        names = [f"model.layers.{layer}.mlp.experts.{expert}.up.weight" for layer in (1, 11) for expert in (1, 2)]
        assert len({fit_name(name, width) for name in names}) == 4, width
    long = [f"blocks.{layer}.attention.output_projection_of_attention" for layer in range(32)]
    assert fit_name(long[18], 20) == "…18…ion_of_attention"
    for width in range(12, 60):
        assert len({fit_name(name, width) for name in long}) == 32, width
    assert fit_name("a.b", 10) == "a.b       "
    assert fit_name("one_name_without_any_dots", 12).strip() == "…ut_any_dots"
    assert cell_len(fit_name("." * 100_000, 30)) == 30


@pytest.mark.parametrize(
    "text", ["a_long_module_name.weight", "a.b", "a_long_module_name_only", ".weight_of_no_module", "x..y"]
)
def test_a_name_of_few_parts_is_cut_to_any_width(text: str) -> None:
    for width in range(1, 30):
        assert cell_len(fit_name(text, width)) == width
