from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from cases import slow_but
from fake_app import Played, opened
from rich.style import Style
from textual import events
from textual.widgets import Input

from models.messages import Forward, Undo
from tui.screens.command_palette import Palette, PaletteList
from tui.screens.copy_forms import CopyForms
from tui.screens.help import HelpScreen
from tui.widgets.lists.options import Options


async def opened_palette(played: Played) -> Palette:
    played.app.action_palette()
    await played.until(lambda: isinstance(played.app.screen, Palette) and played.app.screen.is_mounted, "the palette")
    await played.rest()
    assert isinstance(played.app.screen, Palette)
    return played.app.screen


@pytest.mark.parametrize("steps", slow_but(2, range(12)))
async def test_escape_at_any_moment_of_its_opening_closes_it(steps: int) -> None:
    async with opened() as played:
        played.app.action_palette()
        palette = played.app.screen
        assert isinstance(palette, Palette)
        for _ in range(steps):
            await asyncio.sleep(0)
        palette._action_escape()
        await played.rest()
        assert played.app.screen is played.explorer


@pytest.mark.parametrize("size", slow_but(2, [(120, 3), (120, 1), (3, 120), (1, 1), (20, 5)]))
@pytest.mark.parametrize("screen", ["colon", "Y"])
async def test_page_keys_where_there_is_no_room_for_the_list(size: tuple[int, int], screen: str) -> None:
    async with opened(size=size) as played:
        await played.press(screen)
        await played.until(lambda: isinstance(played.app.screen, Palette | CopyForms), "the list")
        await played.press("pagedown", "pagedown", "pageup", "ctrl+end", "pagedown", "ctrl+home", "pageup", "escape")
        await played.rest()
        assert played.app.screen is played.explorer


@pytest.mark.slow
async def test_a_click_on_a_command_that_is_no_more_is_none() -> None:
    async with opened() as played:
        palette = await opened_palette(played)
        listed = palette.query_one(PaletteList)
        stale = Style(meta={"option": listed.option_count + 5})
        x, y = listed.region.x + 3, listed.region.y + 2
        for style in (stale, Style(meta={"option": -99}), Style()):
            click = events.Click(listed, 3, 2, 0, 0, 1, False, False, False, x, y, style)
            listed.post_message(click)
        await played.rest()
        assert played.app.screen is palette
        assert isinstance(listed, Options)


async def test_ctrl_q_quits_over_every_modal_screen() -> None:
    async with opened() as played:
        await opened_palette(played)
        await played.press("ctrl+q")
        assert played.app._exit
    async with opened() as played:
        await played.selected("0.block 0.0.weight")
        await played.press("1", "i")
        assert played.app.screen.is_modal
        await played.press("ctrl+q")
        assert played.app._exit


async def test_enter_runs_what_was_typed_and_not_what_stood_there_before() -> None:
    async with opened() as played:
        palette = await opened_palette(played)
        field = palette.query_one(Input)
        field.value = "undo the last change"
        await field.action_submit()
        await field.action_submit()
        await played.rest()
        assert len(played.asked(Undo)) == 1
        assert not played.asked(Forward)
        assert played.app.screen is played.explorer


@pytest.mark.slow
async def test_a_command_that_is_chosen_twice_runs_once() -> None:
    async with opened() as played:
        palette = await opened_palette(played)
        palette.query_one(Input).value = "help"
        await played.rest()
        listed = palette.query_one(PaletteList)
        listed.action_select()
        listed.action_select()
        await played.rest()
        assert [isinstance(screen, HelpScreen) for screen in played.app.screen_stack].count(True) == 1


async def test_what_matches_nothing_is_said_and_enter_does_nothing() -> None:
    async with opened() as played:
        palette = await opened_palette(played)
        await played.press(*"zzz")
        await played.sees("No matches found")
        await played.press("enter", "down", "pagedown", "enter")
        await played.rest()
        assert played.app.screen is palette
        await played.press("ctrl+c")
        await played.rest()
        assert played.app.screen is played.explorer


@pytest.mark.slow
async def test_the_panes_are_searched_once_while_it_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as played:
        palette = await opened_palette(played)
        (provider,) = palette._providers
        asked = SimpleNamespace(times=0)

        def target(action: object) -> None:
            asked.times += 1

        monkeypatch.setattr(provider, "_target", target)
        await played.press(*"forward")
        await played.rest()
        assert asked.times == 0


@pytest.mark.slow
async def test_letters_with_which_nothing_fits_leave_the_list_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as played:
        palette = await opened_palette(played)
        shown: list[bool] = []
        monkeypatch.setattr(Palette, "_watch__list_visible", lambda palette: shown.append(palette._list_visible))
        await played.press(*"xqxq", "backspace", "xq")
        await played.rest()
        assert shown == []  # each change computes the styles of all that lies in it anew
        assert palette._list_visible
        assert palette.query_one(PaletteList).get_option_at_index(0).id == palette._NO_MATCHES


@pytest.mark.slow
async def test_a_click_where_nothing_lies_is_none() -> None:
    async with opened() as played:
        palette = await opened_palette(played)
        x, y = palette.size.width + 5, palette.size.height + 5  # as when the terminal has just become smaller
        palette.post_message(events.Click(palette, x, y, 0, 0, 1, False, False, False, x, y))
        await played.rest()
        assert played.app.screen is palette
