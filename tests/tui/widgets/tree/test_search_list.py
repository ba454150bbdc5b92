from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.text import clean
from tui.widgets.tree.search_list import cleaned, cut_middle

PATHS = st.text(st.sampled_from("ab.层モ 0\x1b\u202e"), min_size=1, max_size=40)


@given(PATHS, st.data())
def test_positions_follow_what_cleaning_makes_longer(path: str, data: st.DataObject) -> None:
    positions = sorted(data.draw(st.sets(st.integers(0, len(path) - 1))))
    text, moved = cleaned(path, positions)
    assert text == clean(path)
    assert "".join(text[index] for index in moved) == "".join(clean(path[index]) for index in positions)


@given(st.text(st.sampled_from("abc.层"), min_size=1, max_size=60), st.integers(8, 40), st.data())
def test_positions_follow_a_cut(path: str, width: int, data: st.DataObject) -> None:
    positions = sorted(data.draw(st.sets(st.integers(0, len(path) - 1))))
    text, kept = cut_middle(path, positions, width)
    assert cell_len(text) <= width
    assert "…" not in [text[index] for index in kept]
    if text == path:
        assert kept == positions
    else:
        head, tail = text.split("…")
        assert path.startswith(head)
        assert path.endswith(tail)
        expected = [index for index in positions if index < len(head) or index >= len(path) - len(tail)]
        assert [text[index] for index in kept] == [path[index] for index in expected]
