"""The app as a whole: themes, palette, help, hostile text at every place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cases import slow
from fake_app import AppEngine, Played, opened, starting
from fake_networks import linear, module, sequential, tensor
from textual.command import CommandPalette
from textual.dom import DOMNode

from models.messages import (
    CallRow,
    CallsGrew,
    Complete,
    CompletionItem,
    Completions,
    Describe,
    Description,
    Execute,
    Executed,
    Fact,
    FactGroup,
    Forms,
    Forward,
    ListExamples,
    OutputText,
    PathForm,
    PathForms,
    Problem,
    Ran,
    SourceCode,
    SourceText,
    Undo,
)
from tui.actions import ACTIONS
from tui.palette import ActionProvider
from tui.screens.help import HelpScreen
from tui.settings import Settings
from tui.themes import THEMES

HOSTILE = "[red]x[/] [/] [@click=app.quit]y \x1b[31m\x1b]0;t\x07\x9b2J\u202eab\u2066\u200b\r\n\tz\u2028" + "w" * 30
LONG = "L" * 10_000

UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


def assert_safe(played: Played) -> None:
    """No character on any screen that lies over another moves the cursor, switches colours or turns the direction."""
    for screen in played.app.screen_stack:
        for strip in screen._compositor.render_strips():
            for segment in strip:
                assert not UNSAFE.search(segment.text), f"{segment.text!r} in {strip.text!r}"


@pytest.mark.parametrize("term", ["xterm", "xterm-256color"])
async def test_without_colours_nothing_is_coloured(monkeypatch: pytest.MonkeyPatch, term: str) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", term)
    monkeypatch.delenv("COLORTERM", raising=False)
    async with opened() as played:
        styles = [
            segment.style
            for strip in played.app.screen._compositor.render_strips()
            for segment in strip
            if segment.style is not None
        ]
        assert {str(color.name) for style in styles if (color := style.color) is not None} <= {"default"}
        assert {str(color.name) for style in styles if (color := style.bgcolor) is not None} <= {"default"}
        assert any(style.reverse for style in styles), "the cursor is still seen"


async def test_the_themes_go_round_and_the_last_one_is_remembered() -> None:
    async with opened() as played:
        first = played.app.theme
        seen = []
        for _ in THEMES:
            await played.press("t")
            await played.rest()
            seen.append(played.app.theme)
            await played.sees("309 parameters", "block 0")
        assert len(set(seen)) == len(THEMES)
        assert seen[-1] == first
        await played.press("t")
        assert Settings().theme == seen[0]
    async with opened() as played:
        assert played.app.theme == seen[0]


async def test_a_theme_that_no_longer_exists_is_no_harm(own_state: Path) -> None:
    (own_state / "settings.json").write_text('{"theme": "gone", "welcomed": true}')
    async with opened() as played:
        assert played.app.theme in {theme.name for theme in THEMES}


@pytest.mark.parametrize("key", ["question_mark", "f1"])
async def test_help_opens_once_and_shows_every_key(key: str) -> None:
    async with opened() as played:
        await played.press(key)
        await played.until(lambda: isinstance(played.app.screen, HelpScreen), "help")
        played.app.action_help()
        await played.rest()
        assert sum(isinstance(screen, HelpScreen) for screen in played.app.screen_stack) == 1
        await played.sees("Run forward", "Ctrl+C", "shared")
        await played.press("escape")
        await played.sees("309 parameters")


async def test_the_palette_lists_every_action_of_what_is_on_the_screen() -> None:
    async with opened() as played:
        await played.selected("1.bias")
        await played.rest()
        hits = [hit.text async for hit in ActionProvider(played.app.screen).discover()]
        hidden = {"palette", "focus_next", "focus_previous"}
        for action in ACTIONS:
            everywhere = action.place in ("app", "explorer")
            listed = (action.title if everywhere else f"{action.group}: {action.title}") in hits
            on_screen = action.place in ("app", "explorer", "tree", "list", "grid")
            assert listed == (on_screen and action.id not in hidden) or action.title in ("Up", "Down"), action


async def test_a_command_of_the_palette_is_run() -> None:
    async with opened() as played:
        await played.press("colon")
        await played.until(lambda: isinstance(played.app.screen, CommandPalette), "the palette")
        await played.press(*"run forward")
        await played.until(lambda: "Run forward" in played.text and "Undo" not in played.text, "found")
        await played.rest()
        await played.press("enter")
        await played.until(lambda: played.asked(Forward), "run")


@pytest.mark.parametrize("alive", [True, slow(False)], ids=["with", "without"])
async def test_every_action_can_be_run_with_and_without_an_engine(alive: bool) -> None:
    """None ends the app or is a fault of ours; `quit` and those that leave the terminal are apart."""
    async with opened() as played:
        if not alive:
            played.engine.refusal = None
            played.engine.end()
            await played.rest()
        for action in ACTIONS:
            if action.id in ("quit", "edit_source"):
                continue
            for widget in (played.app.focused, *played.explorer.query("*"), played.explorer, played.app):
                name = action.id.partition("(")[0]
                does = getattr(type(widget), f"action_{name}", None)
                if does is not None and does is not getattr(DOMNode, f"action_{name}", None) and widget.is_attached:
                    await played.app.run_action(action.id, default_namespace=widget)
                    break
            await played.pilot.pause()
            while len(played.app.screen_stack) > 2:
                played.app.pop_screen()
            if action.id == "restart":
                await played.rest()
                if not alive:
                    played.engine.end()
                    await played.rest()
        assert not any("own fault" in line for line in played.log), played.log
        assert played.app.is_running


async def test_what_is_copied_with_the_mouse_goes_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []

    async def copy(app: object, text: str) -> None:
        texts.append(text)

    monkeypatch.setattr("tui.clipboard.copy", copy)
    async with opened() as played:
        played.app.copy_to_clipboard("a text")
        await played.until(lambda: texts == ["a text"], "copied")


def hostile_engine(text: str) -> AppEngine:
    """Everything that can come from outside says `text`."""
    engine = AppEngine()
    name = text.replace(".", "")
    engine.sources["rgnet"] = lambda: sequential(
        module(text, **{name: linear(4, 8)}),
        module("Sequential", **{f"{name}2": tensor(3, kind="constant", dtype=text, registered=False)}),
    )
    texts = ("source", "name", "class_name", "dtype", "device", "mode", "input", "note")
    engine.summary_fields = dict.fromkeys(texts, text) | {"tries": [text], "warnings": [text]}
    facts = [Fact(label=text, text=text, path="1"), Fact(label="b", text=text)]
    engine.answers[Describe] = lambda body: Description(path=body.path, groups=[FactGroup(title=text, facts=facts)])
    engine.answers[SourceCode] = lambda body: SourceText(
        path=body.path, class_name=text, text=f"class X:\n    {text}\n", file=text
    )
    engine.answers[PathForms] = lambda body: Forms(path=text, forms=[PathForm(label=text, text=text)])
    engine.answers[Execute] = lambda body: Executed(
        value=text, problem=Problem("model", text, text, text, text), changed=[text]
    )
    engine.answers[Complete] = lambda body: Completions(
        start=0, items=[CompletionItem(text=text, kind=text), CompletionItem(text=f"{text}2", kind=text)]
    )
    engine.problems[Undo] = Problem("model", text, text, text)
    call = CallRow(
        module=text, op=text, kind="module", depth=1, inputs=[text], output=text, tensors=[text], where=text, note=text
    )
    engine.runs[1] = [call, msgspec.structs.replace(call, failed=text)]

    def forward(body: Forward) -> Ran:
        engine.runs[1] = [call, msgspec.structs.replace(call, failed=text)]
        engine.send(CallsGrew(run=1, total=2, complete=True))
        engine.send(OutputText(stream="stdout", text=text))
        engine.send(OutputText(stream="stderr", text=text))
        return Ran(run=1, text=text, problem=Problem("model", text, text))

    engine.answers[Forward] = forward
    return engine


async def look(played: Played, *keys: str) -> None:
    """Press the keys, and see that nothing on the screen is unsafe when all is done."""
    await played.press(*keys)
    await played.rest()
    assert_safe(played)


async def look_at_the_panes(played: Played, literal: str) -> None:
    """Each pane shows `literal`, before and after a run."""
    await look(played)
    assert literal in played.text
    await look(played, "j", "j")
    path = played.explorer.path
    assert literal[:4] in path
    for key in ("1", "2"):
        await look(played, key)
    await look(played, "3")
    assert literal in played.text
    await look(played, "4")
    assert literal in played.text
    await look(played, "escape", "j", "1")
    await look(played, "H")
    await look(played, "H", "i")
    await look(played, "escape", "escape", "f")
    assert literal in played.text
    await look(played, "6", "end")
    await look(played, "escape", "u")
    assert literal in played.text
    await look(played, "Y")
    assert literal in played.text
    await look(played, "escape")


async def look_at_the_console_and_the_search(played: Played, literal: str, offered: bool) -> None:
    """The log shows `literal`; completions are `offered` where they can be typed."""
    await played.type("statement()")
    await look(played)
    assert any(literal in line for line in played.log)
    await look(played, "greater_than_sign", "n", "e", "tab")
    await look(played)
    if offered:
        await played.until(lambda: played.explorer.console.choices.display, "completions")
        await look(played)
    else:  # what cannot be typed is not offered
        assert not played.explorer.console.choices.display
    await look(played, "escape", "escape", "slash", "[")
    await played.rest()
    await look(played)


@pytest.mark.parametrize(("text", "size"), [(HOSTILE, (120, 40)), slow(LONG, (80, 24))], ids=["hostile", "long"])
async def test_hostile_text_is_shown_literally_and_safely_everywhere(
    monkeypatch: pytest.MonkeyPatch, text: str, size: tuple[int, int]
) -> None:
    literal = "[red]x[/]" if text is HOSTILE else "LLLL"
    copied: list[str] = []

    async def copy(app: Any, text: str, note: str = "") -> None:
        copied.append(text)

    monkeypatch.setattr("tui.clipboard.copy", copy)
    async with opened(engine=hostile_engine(text), size=size) as played:
        await look_at_the_panes(played, literal)
        await look_at_the_console_and_the_search(played, literal, offered=text is LONG)
        await look(played, "escape", "y")
        await look(played, "question_mark")
        await look(played, "escape")
        played.explorer.show_error(Problem("model", text, text, text, text))
        await look(played)
        assert literal in played.text
        await look(played, "escape")
        played.engine.end(text, text)
        await look(played)
        assert literal in played.text
        await look(played, "R")
        assert not any("own fault" in line for line in played.log)
        assert played.app.is_running


async def test_a_hostile_catalogue_is_shown_literally() -> None:
    engine = AppEngine()
    items = engine._on_ListExamples(ListExamples())
    items = msgspec.structs.replace(
        items,
        items=[
            msgspec.structs.replace(
                item, name=HOSTILE, title=HOSTILE, section=HOSTILE, note=HOSTILE, tries=[HOSTILE], input=HOSTILE
            )
            for item in items.items
        ],
    )
    engine.answers[ListExamples] = lambda body: items
    async with starting(None, engine=engine) as played:
        await played.sees("[red]x[/]")
        await played.rest()
        assert_safe(played)
        await played.press("enter")
        await played.sees("no source")
        assert_safe(played)
