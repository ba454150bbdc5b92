from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from models.messages import TreeRow
from tui.widgets.columns import Needs
from tui.widgets.tree_drawing import COLUMNS, detail_of, draw_row, texts_of


def row(**fields: Any) -> TreeRow:
    return TreeRow(**{"path": "a", "name": "a", "kind": "module", "depth": 0, "detail": "", **fields})


def drawn(shown: TreeRow, width: int, needs: tuple[int, ...] | None = None) -> str:
    return "".join(part.text for part in draw_row(shown, width, lambda name: Style(), needs))


def test_a_class_that_is_inferred_and_a_group_say_so() -> None:
    assert detail_of(row(detail="Linear", inferred=False)) == "Linear"
    assert detail_of(row(detail="Linear 4 → 8", inferred=True)) == "~Linear 4 → 8"
    assert detail_of(row(kind="group", detail="Block", inferred=True, count=80)) == "×80 ~Block"
    assert detail_of(row(kind="group", detail="Block", count=12)) == "×12 Block"
    assert detail_of(row(kind="group", count=3)) == "×3"


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
    needs = Needs(COLUMNS)
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
    needs = Needs(COLUMNS)
    needs.take([texts_of(shown)])
    assert seen in drawn(shown, width, needs.widths)


def needs_of(*rows: TreeRow) -> tuple[int, ...]:
    needs = Needs(COLUMNS)
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
    assert drawn(deep, 57, widths).endswith("   8")
    assert text.endswith("10.0 M")


def test_bytes_give_way_to_a_class_that_would_be_cut() -> None:
    named = row(name="norm", depth=1, detail="Norm 8", inferred=True, parameters=8, bytes=32)
    assert "32 B" in drawn(named, 50, needs_of(named))
    tight = needs_of(ENCODER, named, row(name="a_longer_name", detail="[8]"))
    assert "32 B" not in drawn(named, 57, tight)
    assert "~TransformerEncoderLayer 1024 " in drawn(ENCODER, 57, tight)
    assert "32 B" in drawn(named, 90, tight)


def test_a_wide_tree_cuts_no_class() -> None:
    long = row(name="0", detail="AVeryLongClassNameOfAnEncoderLayerWithAttention", parameters=8, bytes=32)
    assert "AVeryLongClassNameOfAnEncoderLayerWithAttention " in drawn(long, 95, needs_of(long))


def test_an_empty_name_is_told() -> None:
    segments = draw_row(row(name="", path=".x", depth=1, children=1), 40, lambda name: Style(dim=name == "lines--dim"))
    assert [part.text for part in segments if part.style and part.style.dim][-2:-1] == ["(empty)"]
    assert texts_of(row(name=""))[0].endswith("(empty)")


def test_a_depth_beyond_all_sense_costs_no_more_than_a_line() -> None:
    row = TreeRow(path="a", name="a", kind="module", depth=10**9, detail="Linear")
    assert sum(len(part.text) for part in draw_row(row, 60, lambda name: Style())) <= 60
