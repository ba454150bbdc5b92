from __future__ import annotations

import pytest

from tui.paths import name_below


@pytest.mark.parametrize(
    ("path", "shown", "name"),
    [
        ("a.b.weight", "", "a.b.weight"),
        ("a.b.weight", None, "a.b.weight"),
        ("a.b.weight", "a", "b.weight"),
        ("a.b.weight", "a.b", "weight"),
        ("a.b.weight", "a.b.weight", "weight"),
        ("weight", "weight", "weight"),
        ("layers.3.weight", "layers.[0–79]", "3.weight"),
        ("3.weight", "[0–79]", "3.weight"),
        ("ab.weight", "a", "ab.weight"),
    ],
)
def test_what_a_pane_shows_already_is_left_out(path: str, shown: str | None, name: str) -> None:
    assert name_below(path, shown) == name
