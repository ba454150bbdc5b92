from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from models.messages import InitialState, ModuleRun, TreeRow
from tui.widgets.lists.columns import Needs
from tui.widgets.tree.tree_drawing import (
    GRADIENTS,
    INITIAL,
    LAST_RUN,
    SIZES,
    detail_text,
    draw_header,
    draw_row,
    sharing_note,
    texts_of,
)


def row(**fields: Any) -> TreeRow:
    return TreeRow(**{"path": "a", "name": "a", "kind": "module", "depth": 0, "detail": "", **fields})


def drawn(shown: TreeRow, width: int, needs: tuple[int, ...] | None = None) -> str:
    return "".join(part.text for part in draw_row(shown, width, lambda name: Style(), needs))


def test_a_class_that_is_inferred_and_a_group_say_so() -> None:
    assert detail_text(row(detail="Linear", inferred=False)) == "Linear"
    assert detail_text(row(detail="Linear 4 → 8", inferred=True)) == "~Linear 4 → 8"
    assert detail_text(row(kind="group", detail="Block", inferred=True, count=80)) == "×80 ~Block"
    assert detail_text(row(kind="group", detail="Block", count=12)) == "×12 Block"
    assert detail_text(row(kind="group", count=3)) == "×3"


def test_what_holds_no_tensor_has_no_size() -> None:
    """`config` in a checkpoint holds settings: 0 parameters would be noise; a ReLU's 0 is a fact."""
    assert texts_of(row(kind="item", detail="3", dtype="int"))[2:4] == ("", "")
    assert texts_of(row(parameters=0, bytes=0))[2:4] == ("", "")
    assert texts_of(row(parameters=0, bytes=4096))[2:4] == ("", "4.0 KB")
    assert texts_of(row(parameters=0, bytes=0, detail="ReLU"))[2:4] == ("0", "0 B")
    assert texts_of(row(kind="parameter", parameters=0, bytes=0, detail="[0]"))[2:4] == ("0", "0 B")


@given(
    st.sampled_from(["module", "parameter", "group", "item", "state"]),
    st.text(st.sampled_from("ab层\x1b\u202e[]0"), max_size=60),
    st.text(st.sampled_from("ab层~ "), max_size=50),
    st.integers(0, 60),
    st.integers(16, 200),
)
def test_no_row_is_wider_than_the_tree(kind: Any, name: str, detail: str, depth: int, width: int) -> None:
    shown = row(kind=kind, name=name, detail=detail, depth=depth, count=4, children=2, parameters=10**12, bytes=10**15)
    needs = Needs(SIZES.columns)
    needs.take([texts_of(shown)])
    text = drawn(shown, width, needs.widths)
    assert cell_len(text) <= max(width, 12 + 1 + 4)
    assert not set(text) & {"\x1b", "\u202e"}
    assert ("▸" in text) or depth > 4


@pytest.mark.parametrize(("width", "seen"), [(38, "~Linear"), (57, "~Linear 4096 →"), (90, "~Linear 4096 → 14336")])
def test_the_class_has_room_beside_deep_names(width: int, seen: str) -> None:
    shown = row(
        name="down_projection",
        detail="Linear 4096 → 14336",
        inferred=True,
        depth=4,
        parameters=58720256,
        bytes=117440512,
    )
    needs = Needs(SIZES.columns)
    needs.take([texts_of(shown)])
    assert seen in drawn(shown, width, needs.widths)


def needs_of(*rows: TreeRow) -> tuple[int, ...]:
    needs = Needs(SIZES.columns)
    needs.take(map(texts_of, rows))
    return needs.widths


ENCODER = row(name="0", detail="TransformerEncoderLayer 1024", inferred=True, parameters=10**7, bytes=4 * 10**7)


def test_a_class_that_is_too_long_for_its_column_begins_where_the_name_ends() -> None:
    """The names below are long: the column of the classes begins far to the right."""
    deep = row(name="a_name_with_some_letters", depth=6, detail="[8]", parameters=8, bytes=32)
    widths = needs_of(ENCODER, deep)
    text = drawn(ENCODER, 57, widths)
    assert "  0 " in text
    assert "~TransformerEncoderLayer 1024 " in text
    assert cell_len(text) == cell_len(drawn(deep, 57, widths))
    assert drawn(deep, 57, widths).endswith("   8    32 B")
    assert text.endswith("10.0 M 38.1 MB")


def test_names_and_classes_get_shorter_before_a_figure_goes() -> None:
    named = row(name="norm", depth=1, detail="Norm 8", inferred=True, parameters=8, bytes=32)
    assert "32 B" in drawn(named, 50, needs_of(named))
    tight = needs_of(ENCODER, named, row(name="a_longer_name", detail="[8]"))
    assert "32 B" in drawn(named, 57, tight)
    assert "~TransformerEncoderLayer 1024 " in drawn(ENCODER, 57, tight)
    long = row(name="post_attention_layernorm_of_the_block", depth=4, detail="[4096] bfloat16", parameters=8, bytes=32)
    text = drawn(long, 56, needs_of(ENCODER, long))
    assert text.endswith("   8    32 B")
    assert "post_" in text
    assert "_block" in text  # cut in its middle
    assert "[4096] bfloat16" in text


def test_a_wide_tree_cuts_no_class() -> None:
    long = row(name="0", detail="AVeryLongClassNameOfAnEncoderLayerWithAttention", parameters=8, bytes=32)
    assert "AVeryLongClassNameOfAnEncoderLayerWithAttention " in drawn(long, 95, needs_of(long))


def test_an_empty_name_is_reported() -> None:
    segments = draw_row(row(name="", path=".x", depth=1, children=1), 40, lambda name: Style(dim=name == "lines--dim"))
    assert [part.text for part in segments if part.style and part.style.dim][-2:-1] == ["(empty)"]
    assert texts_of(row(name=""))[0].endswith("(empty)")


def test_a_depth_beyond_all_sense_costs_no_more_than_a_line() -> None:
    row = TreeRow(path="a", name="a", kind="module", depth=10**9, detail="Linear")
    assert sum(len(part.text) for part in draw_row(row, 60, lambda name: Style())) <= 60


def test_what_the_last_run_did() -> None:
    run = ModuleRun(calls=1, output="[2, 8]", seconds=0.5, flops=0.25, rows=0.0004)
    assert texts_of(row(run=run), LAST_RUN)[1:] == ("[2, 8]", "██    50%", "25%", "0.04%", "")
    assert texts_of(row(), LAST_RUN)[1:] == ("", "", "", "", ""), "not called: nothing, which is not 0"
    failed = ModuleRun(calls=1, output="", problem="failed")
    assert texts_of(row(run=failed), LAST_RUN)[1:4] == ("✗ failed", "", "")
    nonfinite = ModuleRun(calls=1, output="[2]", problem="nonfinite")
    assert texts_of(row(run=nonfinite), LAST_RUN)[1] == "! [2]"


@pytest.mark.parametrize("width", [24, 40, 57, 120])
def test_titles_stand_over_what_they_name(width: int) -> None:
    shown = row(detail="Linear", run=ModuleRun(calls=1, output="[2, 8]", seconds=0.5, flops=0.25, rows=0.0004))
    needs = Needs(LAST_RUN.columns)
    needs.take([texts_of(shown, LAST_RUN)])
    line = "".join(part.text for part in draw_row(shown, width, lambda name: Style(), needs.widths, LAST_RUN))
    header = "".join(part.text for part in draw_header(width, LAST_RUN, needs.widths))
    assert cell_len(line) <= width
    titles = ("time", "FLOPs", "apart") if width < 49 else ("of time", "of FLOPs", "rows apart")
    for title, text in zip(("output", *titles), ("[2, 8]", "50%", "25%", "0.04%"), strict=True):
        assert (title in header) == (text in line)
        if title in header and title != "output":
            assert header.index(title) + len(title) == line.index(text) + len(text)


def test_a_narrow_tree_says_time_flops_and_spread_of_the_last_run() -> None:
    run = ModuleRun(calls=1, output="[2, 8]", seconds=0.5, flops=0.25, rows=0.14)
    shown = row(name="encoder_of_words_and_more", run=run)
    needs = Needs(LAST_RUN.columns)
    needs.take([texts_of(shown, LAST_RUN)])
    for width in (33, 36):  # of terminals of 80 columns
        line = "".join(part.text for part in draw_row(shown, width, lambda name: Style(), needs.widths, LAST_RUN))
        header = "".join(part.text for part in draw_header(width, LAST_RUN, needs.widths, "flops"))
        assert line.split()[-3:] == ["50%", "25%", "14%"]
        assert header.split() == ["time", "▼FLOPs", "apart"]
        assert cell_len(line) <= width


def test_gradients_of_the_last_backward() -> None:
    run = ModuleRun(calls=1, output="[2, 8]", gradient=0.0123, backward=0.5, weight_gradient=0.03, weight=3.0)
    found = texts_of(row(run=run, detail="Linear"), GRADIENTS)[1:6]
    assert found == ("Linear", "0.0123", "0.03", "███     0.01", "██    50%"), "1e-2 is 6 of 8 decades: 3 of 4 cells"
    assert texts_of(row(detail="Linear"), GRADIENTS)[1:6] == ("Linear", "", "", "", "")


def test_where_values_come_from() -> None:
    def shown(**fields: Any) -> tuple[str, ...]:
        return texts_of(row(kind="parameter", detail="[4]", initial=InitialState(**fields)), INITIAL)[1:5]

    assert shown(default="±0.5", std=0.28812, state="fresh") == ("[4]", "±0.5", "0.288", "fresh")
    assert shown(state="constant", value=42.0, std=0.0) == ("[4]", "", "0", "constant 42")
    assert shown(state="other", siblings=12.3) == ("[4]", "", "", "other, siblings ×12")
    assert shown(state="fresh", siblings=1.3)[3] == "fresh"
    assert shown(siblings=0.1)[3] == "siblings ×0.1"
    assert shown(below="1 zeros, 3 fresh")[3] == "1 zeros, 3 fresh"
    assert texts_of(row(detail="ReLU"), INITIAL)[1:5] == ("ReLU", "", "", "")


def test_a_gradient_that_is_none_and_a_weight_that_is_zero_are_no_numbers() -> None:
    def figures(**fields: Any) -> tuple[str, ...]:
        return texts_of(row(kind="parameter", detail="[4]", **fields), GRADIENTS)[2:5]

    def run(gradient: float, weight: float) -> ModuleRun:
        return ModuleRun(calls=0, output="", weight_gradient=gradient, weight=weight)

    assert figures(gradient="unreached") == ("", "none", "")
    assert figures(gradient="none") == ("", "none", "")
    assert figures(frozen=True) == ("", "frozen", "")
    assert figures(run=run(0.5, 0.0)) == ("", "0.5", "w=0")
    assert figures(run=run(0.0, 2.0)) == ("", "0", "           0"), "no bar"
    assert figures(run=run(math.nan, 2.0)) == ("", "nan", "         nan")


@pytest.mark.parametrize("width", [33, 36, 56, 120])
def test_titles_of_gradients_stand_over_what_they_name(width: int) -> None:
    run = ModuleRun(calls=1, output="[2, 8]", gradient=1.25e-21, backward=0.5, weight_gradient=3.1e-18, weight=3e3)
    shown = row(detail="Linear", run=run)
    needs = Needs(GRADIENTS.columns)
    needs.take([texts_of(shown, GRADIENTS)])
    line = "".join(part.text for part in draw_row(shown, width, lambda name: Style(), needs.widths, GRADIENTS))
    header = "".join(part.text for part in draw_header(width, GRADIENTS, needs.widths, "relative_gradient"))
    assert cell_len(line) <= width
    title, text = ("▼ratio", "1e-21") if width < 49 else ("▼/weights", "1e-21")
    assert header.index(title) + len(title) == line.index(text) + len(text)
    assert ("1.2e-21  3.1e-18" in line or "1.25e-21  3.1e-18" in line) == (" output" in header)
    assert "3.1e-18" in line
    assert "weights" in header


def test_the_other_names_stand_behind_the_marks_where_there_is_room() -> None:
    shown = row(kind="parameter", detail="[4, 4]", memory="overlap", memory_with=["x.weight", "y"])
    needs = Needs(SIZES.columns)
    needs.take([texts_of(shown), texts_of(row(detail="Linear", parameters=16, bytes=64))])
    assert drawn(shown, 80, needs.widths).rstrip().endswith("≣   x.weight +1")
    assert drawn(shown, 30, needs.widths).rstrip().endswith("≣")
    alone = Needs(SIZES.columns)
    alone.take([texts_of(row())])
    assert "shared with" not in "".join(part.text for part in draw_header(100, SIZES, alone.widths))
    assert "shared with" in "".join(part.text for part in draw_header(100, SIZES, needs.widths))


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({}, ""),
        ({"shared_with": ["head.weight"]}, "⇄ head.weight"),
        ({"shared_with": [""]}, "⇄ (root)"),
        ({"memory": "beside", "memory_with": ["a", "b", "c"]}, "◫ a +2"),
        ({"shared_with": ["a"], "memory": "overlap", "memory_with": ["b"]}, "⇄ a +1"),
    ],
)
def test_the_note_over_the_tree_names_what_a_row_is_shared_with(fields: dict[str, Any], note: str) -> None:
    assert sharing_note(row(**fields)) == note
