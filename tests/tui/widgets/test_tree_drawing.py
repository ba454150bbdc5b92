from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from models.engine.messages import TreeRow
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
