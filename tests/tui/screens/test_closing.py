"""Whatever is on its way to a screen when it closes: it closes itself, once, and never the one beneath."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from cases import slow
from fake_app import Played, opened
from textual import events
from textual.geometry import Size
from textual.screen import Screen

from models.messages import Forms, PathForm, Problem
from tui.screens.catalogue import Catalogue
from tui.screens.command_palette import Palette
from tui.screens.confirm import ConfirmScreen
from tui.screens.copy_forms import CopyForms
from tui.screens.help import HelpScreen
from tui.screens.problem import ProblemScreen
from tui.screens.selectable import Selectable
from tui.widgets.grid.jump import Jump

SCREENS: dict[str, Callable[[Played], Screen[Any]]] = {
    "catalogue": lambda played: Catalogue(played.app.link, True),
    "confirm": lambda played: ConfirmScreen("Title", "Question?"),
    "copy forms": lambda played: CopyForms(Forms(path="0", forms=[PathForm(label="key", text="0")])),
    "help": lambda played: HelpScreen(),
    "jump": lambda played: Jump([2, 3]),
    "palette": lambda played: Palette(),
    "problem": lambda played: ProblemScreen(Problem("usage", "Title", "Text")),
    "selectable": lambda played: Selectable("text"),
}


async def test_closing_twice_closes_once() -> None:
    async with opened() as played:
        for name, make in SCREENS.items():
            answers: list[object] = []
            screen = make(played)
            played.app.push_screen(screen, answers.append)
            await played.rest()
            screen.dismiss()
            screen.dismiss()
            await played.rest()
            screen.dismiss()
            await played.rest()
            assert played.app.screen is played.explorer, name
            assert answers == [None], name


@pytest.mark.slow
async def test_closing_at_any_moment_of_its_opening() -> None:
    async with opened() as played:
        for name, make in SCREENS.items():
            for steps in (0, 1, 2, 3, 5, 8):
                screen = make(played)
                played.app.push_screen(screen)
                for _ in range(steps):
                    await asyncio.sleep(0)
                played.app.post_message(events.Resize(Size(100, 30 + steps), Size(100, 30 + steps)))
                screen.dismiss()
                screen.post_message(events.Resize(Size(90, 30), Size(90, 30)))
                await played.rest()
                assert played.app.screen is played.explorer, name


async def test_a_screen_leaves_alone_what_lies_over_it() -> None:
    async with opened() as played:
        for name, make in SCREENS.items():
            beneath, over = make(played), HelpScreen()
            played.app.push_screen(beneath)
            await played.rest()
            played.app.push_screen(over)
            await played.rest()
            beneath.dismiss()
            await played.rest()
            assert played.app.screen is over, name
            over.dismiss()
            await played.rest()
            assert played.app.screen is beneath, name
            beneath.dismiss()
            await played.rest()
            assert played.app.screen is played.explorer, name


@pytest.mark.parametrize("name", [name if name in ("palette", "jump") else slow(name) for name in SCREENS])
async def test_the_app_ends_at_any_moment_of_its_opening(name: str) -> None:
    for steps in (0, 1, 2, 4):
        async with opened() as played:
            played.app.push_screen(SCREENS[name](played))
            for _ in range(steps):
                await asyncio.sleep(0)
            played.app.exit(0)


@pytest.mark.parametrize("name", [name if name in ("palette", "jump") else slow(name) for name in SCREENS])
async def test_the_app_is_shut_down_at_any_moment_of_its_opening(name: str) -> None:
    for steps in (0, 1, 2, 4):
        async with opened() as played:
            played.app.push_screen(SCREENS[name](played))
            for _ in range(steps):
                await asyncio.sleep(0)
