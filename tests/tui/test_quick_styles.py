"""The style sheet that remembers: every widget has the styles that Textual's own gives it, whatever came before."""

from __future__ import annotations

from typing import Any

import pytest
from fake_app import Played, opened
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode

import tui.quick_styles
from tui.quick_styles import KnownRules, QuickStylesheet


def styles_of(node: DOMNode) -> tuple[Any, ...]:
    return (
        dict(node.styles.base._rules),
        {name: dict(styles.base._rules) for name, styles in node._component_styles.items()},
        node._has_hover_style,
        node._has_focus_within,
        node._has_order_style,
        node._has_odd_or_even,
    )


def compare(played: Played) -> None:
    """Compare the styles of all that is on the screens with those of a sheet that remembers nothing."""
    sheet = played.app.stylesheet
    assert type(sheet) is QuickStylesheet
    plain = Stylesheet(variables=sheet._variables)
    plain.source = sheet.source.copy()
    plain.parse()
    for screen in played.app.screen_stack:
        for node in screen.walk_children(with_self=True):
            ours = styles_of(node)
            plain.apply(node)
            assert styles_of(node) == ours, node.css_path_nodes


@pytest.mark.parametrize("shared", [True, False], ids=["known from apps before", "nothing known"])
async def test_every_widget_has_the_styles_of_textuals_own(shared: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not shared:
        monkeypatch.setattr(tui.quick_styles, "known_of", lambda rules, rules_map: KnownRules(rules_map))
    async with opened() as played:
        compare(played)
        for keys in (["tab"], ["6", "greater_than_sign"], ["escape"], ["slash", "1"], ["escape"], ["t"], ["f"], ["H"]):
            await played.press(*keys)
            await played.rest()
            compare(played)
        await played.pilot.resize_terminal(60, 20)
        await played.rest()
        compare(played)
        await played.pilot.hover("#left-bar")
        played.explorer.console.disabled = True
        await played.rest()
        compare(played)
        for key in ("question_mark", "escape", "colon", "escape", "o"):
            await played.press(key)
            await played.rest()
            compare(played)


async def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tui.quick_styles, "known_of", lambda rules, rules_map: KnownRules(rules_map))
    monkeypatch.setattr(tui.quick_styles, "MOST", 50)
    async with opened() as played:
        for number in range(20):
            played.explorer.set_class(True, f"made-{number}")
            assert len(played.app.stylesheet._known.rules) <= 51
        compare(played)
