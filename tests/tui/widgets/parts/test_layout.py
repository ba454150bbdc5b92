from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.widgets.parts.layout import crop_text, wrap_points

TEXT = st.text(alphabet="ab 层é🙂", max_size=30)


@given(TEXT, st.integers(2, 12))
def test_rows_hold_the_text_and_fit(text: str, width: int) -> None:
    rows, start = [], 0
    for end in wrap_points(text, width):
        rows.append(text[start:end])
        start = end
    assert "".join(rows) == text
    assert all(cell_len(row) <= width for row in rows)
    assert all(rows[:-1])


@given(TEXT, st.integers(0, 40))
def test_a_crop_takes_exactly_those_cells(text: str, cells: int) -> None:
    index, rest = crop_text(text, cells)
    assert cell_len(rest) == max(0, cell_len(text) - cells)
    assert text[index:] == rest.lstrip(" ") or rest.lstrip(" ") == text[index:].lstrip(" ")
