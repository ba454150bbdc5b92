"""Of `bar`: the note at the right end of a bar."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from tui.widgets.parts.bar import _fitted

NOTE = "A before.safetensors · B after.safetensors"


@pytest.mark.parametrize("room", range(24, 50))
def test_where_a_note_is_cut_each_of_its_parts_still_begins(room: int) -> None:
    text = _fitted(NOTE, room)
    assert cell_len(text) <= room
    assert text.startswith("A be")
    assert " · B af" in text


def test_a_note_of_one_part_or_in_no_room_is_cut_in_its_middle() -> None:
    assert _fitted("a long path/to/a/file", 9) == "a lo…file"
    assert cell_len(_fitted(NOTE, 12)) == 12
