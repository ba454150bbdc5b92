from __future__ import annotations

import pytest
from cases import slow_but
from fake_app import Played, opened
from textual.geometry import Region

from tui.tabs import TABS, Tab, tabs_in


def area_with_focus(played: Played) -> str | None:
    return played.explorer._area_of(played.app.focused)


def shown(played: Played) -> set[str]:
    """The areas that have a place on the screen."""
    return {name for name in ("left", "right", "lower") if played.explorer.query_one(f"#{name}").region.area}


@pytest.mark.parametrize("tab", slow_but(2, TABS), ids=lambda tab: tab.id)
async def test_digits_show_a_tab_and_give_it_the_focus(tab: Tab) -> None:
    async with opened() as played:
        await played.press(tab.key)
        await played.rest()
        assert played.explorer.query_one(f"#{tab.area}-panes").current == tab.id
        assert area_with_focus(played) == tab.area
        assert played.explorer.query_one(f"#{tab.area}-bar").has_class("-focused")
        assert not played.explorer.query_one("#left-bar").has_class("-focused")


@pytest.mark.slow
async def test_the_focus_goes_along_from_tab_to_tab() -> None:
    async with opened() as played:
        await played.selected("1.bias")
        for key in [tab.key for tab in tabs_in("right")] + ["1", "2"]:
            await played.press(key)
            await played.rest()
            assert area_with_focus(played) == "right", key
            assert played.app.focused in played.app.screen.focus_chain


async def test_tab_goes_round_and_back() -> None:
    async with opened() as played:
        seen = []
        for key in ("tab", "tab"):
            await played.press(key)
            await played.rest()
            seen.append(area_with_focus(played))
        assert seen == ["right", "lower"]
        await played.press("escape", "shift+tab")
        await played.rest()
        assert area_with_focus(played) == "lower"
        await played.press("escape")
        await played.rest()
        assert area_with_focus(played) == "left"


@pytest.mark.slow
async def test_the_sign_leads_to_the_prompt_and_escape_back() -> None:
    async with opened() as played:
        await played.press("6", "greater_than_sign")
        await played.until(lambda: played.explorer.console.prompt.has_focus, "the prompt")
        await played.press("q", "f", "1")
        assert played.explorer.console.prompt.text == "qf1"
        await played.press("escape")
        await played.rest()
        assert played.explorer.module_tree.has_focus


async def test_a_click_on_a_tab_shows_it() -> None:
    async with opened() as played:
        offset = played.explorer.query_one("#right-bar").render_line(0).text.index("Info")
        await played.pilot.click("#right-bar", offset=(offset, 0))
        await played.sees("What it is")


async def test_zoom_gives_one_pane_everything_and_back() -> None:
    async with opened() as played:
        for key, area in (("escape", "left"), ("1", "right"), ("6", "lower")):
            await played.press(key)
            await played.rest()
            await played.press("Z")
            await played.rest()
            assert shown(played) == {area}
            assert area_with_focus(played) == area
            region = played.explorer.query_one(f"#{area}").region
            assert region.size == (120, 38)  # all but the line on top and the keys
            await played.press("Z")
            await played.rest()
            assert shown(played) == {"left", "right", "lower"}


async def test_keys_and_drags_change_the_sizes_within_bounds() -> None:
    async with opened() as played:
        left, lower = played.explorer.query_one("#left"), played.explorer.query_one("#lower")
        width, height = left.size.width, lower.size.height
        await played.press("right_square_bracket", "equals_sign")
        await played.rest()
        assert (left.size.width, lower.size.height) == (width + 4, height + 2)
        await played.press("left_square_bracket", "minus")
        await played.rest()
        assert (left.size.width, lower.size.height) == (width, height)
        for _ in range(40):
            played.explorer.action_wider(-4)
            played.explorer.action_higher(2)
            await played.pilot.pause()
        assert left.size.width >= 16
        assert played.explorer.query_one("#upper").size.height >= 3
        for _ in range(40):
            played.explorer.action_wider(4)
            played.explorer.action_higher(-2)
            await played.pilot.pause()
        assert played.explorer.query_one("#right").size.width >= 16
        assert lower.size.height >= 3

        splitter = played.explorer.query_one("Splitter")
        await played.pilot.mouse_down(splitter, offset=(0, 3))
        await played.pilot.hover(None, offset=(50, 5))
        await played.pilot.mouse_up(None, offset=(50, 5))
        await played.rest()
        assert left.size.width == 50


@pytest.mark.slow
async def test_shares_stay_when_the_terminal_changes_its_size() -> None:
    async with opened(size=(120, 40)) as played:
        before = played.explorer.query_one("#left").size.width / 120
        await played.pilot.resize_terminal(200, 60)
        await played.rest()
        assert abs(played.explorer.query_one("#left").size.width / 200 - before) < 0.02
        await played.pilot.resize_terminal(120, 40)
        await played.rest()
        assert played.explorer.query_one("#left").size.width / 120 == before


async def test_narrow_shows_tree_or_tabs() -> None:
    async with opened(size=(50, 24)) as played:
        assert shown(played) == {"left", "lower"}
        await played.press("3")
        await played.sees("What it is")
        assert shown(played) == {"right", "lower"}
        await played.press("escape")
        await played.rest()
        assert shown(played) == {"left", "lower"}


async def test_low_shows_the_console_in_place_of_the_rest() -> None:
    async with opened(size=(100, 12)) as played:
        assert shown(played) == {"left", "right"}
        await played.press("greater_than_sign")
        await played.rest()
        assert shown(played) == {"lower"}
        assert played.explorer.console.prompt.has_focus
        await played.press("escape")
        await played.rest()
        assert shown(played) == {"left", "right"}


@pytest.mark.parametrize("size", slow_but(1, [(20, 6), (1, 1), (300, 100)]))
async def test_no_size_ends_the_app(size: tuple[int, int]) -> None:
    async with opened(size=(80, 24)) as played:
        await played.pilot.resize_terminal(*size)
        await played.press("f", "2", "3", "4", "Z", "6", "greater_than_sign", "escape")
        await played.rest()
        await played.pilot.resize_terminal(80, 24)
        await played.press("Z" if any(played.explorer.has_class(f"-zoom-{a}") for a in ("left", "right")) else "escape")
        await played.sees("Calls 18")


async def test_the_smallest_usable_screen_has_a_place_for_everything() -> None:
    async with opened(size=(80, 24)) as played:
        places = {
            "StatusLine": Region(0, 0, 80, 1),
            "#left-bar": Region(0, 1, 38, 1),
            "ModuleTree": Region(0, 2, 38, 13),
            "#right-bar": Region(39, 1, 41, 1),
            "#right-panes": Region(39, 2, 41, 13),
            "#lower-bar": Region(0, 15, 80, 1),
            "#lower-panes": Region(0, 16, 80, 7),
            "KeyLine": Region(0, 23, 80, 1),
        }
        assert {name: played.explorer.query_one(name).region for name in places} == places
        for name in ("#right-bar", "#lower-bar"):
            bar = played.explorer.query_one(name)
            assert len(bar.shown) == len(bar.tabs)
            assert all(f"{key} {title}" in bar.render_line(0).text for key, title in bar.shown)


@pytest.mark.parametrize("size", slow_but(1, [(120, 40), (80, 24), (40, 10)]))
async def test_notices_cover_no_tabs(size: tuple[int, int]) -> None:
    async with opened(size=size) as played:
        for _ in range(3):
            played.app.notify("what went wrong, in a sentence of some length " * 3, title="A problem", timeout=600)
        await played.until(lambda: len(played.explorer.query("Toast")) == 3, "the notices")
        await played.rest()
        for bar in played.explorer.query("Bar"):
            for index in range(bar.region.width):
                at = (bar.region.x + index, bar.region.y)
                assert bar.region.area == 0 or played.explorer.get_widget_at(*at)[0] is bar


def lower_rows(played: Played) -> int:
    return int(played.explorer.query_one("#lower").size.height)


async def test_the_console_has_room_as_it_has_something_to_show_and_keeps_it() -> None:
    async with opened() as played:
        assert lower_rows(played) == 8  # there is little in its log
        prompt = played.explorer.console.prompt
        bottom = prompt.region.bottom
        await played.press("greater_than_sign", "x")
        for index in range(6):
            played.explorer.console.show_output("stdout", f"line {index}\n")
            await played.until(lambda index=index: f"line {index}" in played.text)
            await played.rest()
            assert prompt.region.bottom == bottom  # the line that is typed stays where it is
        assert lower_rows(played) > 8
        played.explorer.console.show_output("stdout", "more\n" * 50)
        await played.until(lambda: lower_rows(played) == 13)
        played.explorer.console.clear()
        await played.rest()
        assert lower_rows(played) == 13


@pytest.mark.slow
async def test_calls_get_room_when_they_are_seen() -> None:
    async with opened() as played:
        await played.press("f")
        await played.sees("Calls 18")
        await played.until(lambda: lower_rows(played) == 13, "a third of the screen")


@pytest.mark.slow
async def test_a_border_that_was_moved_stays_where_it_is() -> None:
    async with opened() as played:
        await played.press("minus")
        await played.rest()
        assert lower_rows(played) == 6
        await played.press("f")
        await played.sees("Calls 18")
        await played.rest()
        assert lower_rows(played) == 6
