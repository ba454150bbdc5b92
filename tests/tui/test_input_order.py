"""Keys that arrive in one read do what they do when they are typed one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import pytest
from cases import slow, slow_but
from fake_app import Played, opened
from textual import events
from textual.keys import _character_to_key

from models.messages import Backward, Describe, Description, Fact, FactGroup, Forward, HeatMap, Interrupt
from tui import input_order
from tui.input_order import InputOrder
from tui.screens.input_form import InputForm
from tui.screens.run_choices import RunChoices
from tui.screens.running import AWAITING
from tui.terminal_reports import TerminalReports
from tui.widgets.grid.jump import Jump
from tui.widgets.parts.line_input import LineInput
from tui.widgets.table.call_table import CallTable
from tui.widgets.tree.search_box import SearchBox

CHARACTERS = {"slash": "/", "colon": ":", "question_mark": "?", "greater_than_sign": ">"}


def burst(played: Played, *keys: str) -> None:
    """What one read of the terminal gives: key by key, and nothing is done in between."""
    for key in keys:
        name = _character_to_key(key) if len(key) == 1 else key
        event = events.Key(name, CHARACTERS.get(key, key if len(key) == 1 else None))
        event.set_sender(played.app)
        played.app.post_message(event)


def state(played: Played) -> tuple[object, ...]:
    """Where the keys have led."""
    app, explorer = played.app, played.explorer
    return (
        [type(screen).__name__ for screen in app.screen_stack],
        type(app.focused).__name__,
        getattr(app.focused, "value", getattr(app.focused, "text", "")),
        len(explorer.query(SearchBox)),
        explorer.query_one("#right-panes").current,
        explorer.console.prompt.text,
        explorer.path,
        explorer.has_class("-zoom-left", "-zoom-right", "-zoom-lower"),
        app._exit,
    )


SEQUENCES = [
    "o escape escape",
    "o enter enter enter",
    "o o x escape",
    "o q",
    "o slash r g n e t enter escape",
    "question_mark question_mark",
    "question_mark q j escape",
    "question_mark enter j enter",
    "Y 1 j j",
    "Y enter j",
    "Y Y escape j",
    "Y q",
    "Y j 9",
    "colon escape j",
    "colon escape escape j",
    "colon colon q escape",
    "colon escape colon escape colon escape j",
    "colon q q q escape",
    "i escape",
    "2 tab tab greater_than_sign q q escape j",
    "slash b i a s escape j",
    "slash b i a s enter j",
    "slash b i a s enter escape escape j",
    "slash escape slash escape slash",
    "slash escape q",
    "Z greater_than_sign q x",
    "greater_than_sign q tab escape escape Z slash q",
    "t question_mark escape 3 j",
]
QUICKLY = {
    "o escape escape",
    "o o x escape",
    "question_mark q j escape",
    "Y Y escape j",
    "colon colon q escape",
    "i escape",
    "slash b i a s enter escape escape j",
    "slash escape q",
    "greater_than_sign q tab escape escape Z slash q",
}
"""At least one for each of the screens; the others with the slow tests."""


@pytest.mark.parametrize("keys", [keys if keys in QUICKLY else slow(keys) for keys in SEQUENCES])
async def test_keys_of_one_read_do_what_they_do_one_by_one(keys: str) -> None:
    async with opened() as played:
        for key in keys.split():
            await played.press(key)
            await played.rest()
        slowly = state(played)
    async with opened() as played:
        burst(played, *keys.split())
        with suppress(AssertionError):
            await played.until(lambda: state(played) == slowly, seconds=5)
        await played.rest()
        assert state(played) == slowly


async def test_an_input_whose_delivery_raises_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as played:
        order = played.app.input_order
        deliver = order._deliver

        async def failing(event: events.Event) -> None:
            if isinstance(event, events.Key) and event.key == "x":
                raise ZeroDivisionError("planted")
            await deliver(event)

        monkeypatch.setattr(order, "_deliver", failing)
        burst(played, "2", "x", "3")  # behind a key that is waited for
        await played.reported("own fault: ZeroDivisionError")
        await played.press("t")
        await played.reported("theme")
        assert played.explorer.query_one("#right-panes").current == "info"
        played.app._exception = None


def press_at(played: Played, x: int, y: int) -> None:
    played.app.post_message(events.MouseDown(None, x, y, 0, 0, 1, False, False, False, x, y))


@pytest.mark.parametrize("steps", [steps if steps in (0, 3, 12) else slow(steps) for steps in range(0, 30, 3)])
async def test_a_click_on_what_is_being_removed_or_while_the_app_ends(steps: int) -> None:
    async with opened() as played:
        await played.press("slash")
        await played.rest()
        box = played.explorer.query_one(SearchBox)
        x, y = box.region.x + 3, box.region.y + 1
        box.action_close()
        for _ in range(steps):
            await asyncio.sleep(0)
        press_at(played, x, y)
        await played.rest()
        for node in box.walk_children(with_self=True):
            assert not node.is_attached
    async with opened() as played:
        listed = played.explorer.module_tree
        parent = listed._parent
        assert parent is not None
        listed._detach()  # as its removal and the end of the app do, before the screen is drawn without it
        await played.app.input_order.take(events.MouseDown(None, 3, 3, 0, 0, 1, False, False, False, 3, 3))
        played.app.input_order.hold_long(lambda: None)  # then the mouse waits for nothing
        await played.app.input_order.take(events.MouseDown(None, 3, 3, 0, 0, 1, False, False, False, 3, 3))
        listed._attach(parent)


async def test_a_key_behind_the_one_that_quits_acts_on_nothing() -> None:
    async with opened() as played:
        await played.press("2")  # the focus is where the keys of the screen are in reach
        order, left = played.app.input_order, played.explorer.query_one("#left")
        played.app.exit(0)
        parent = left._parent
        assert parent is not None
        left._detach()  # as the end of the app does
        for name in ("slash", "j", "ctrl+q", "enter"):
            await order.take(events.Key(name, CHARACTERS.get(name, name if len(name) == 1 else None)))
        await order.take(events.Paste("text"))
        left._attach(parent)
        assert not played.explorer.query(SearchBox)


async def test_escape_and_a_letter_of_one_read_leave_the_prompt_and_act() -> None:
    async with opened() as played:
        await played.press("greater_than_sign")
        await played.until(lambda: played.explorer.console.prompt.has_focus, "the prompt")
        for event in TerminalReports().feed("\x1bj"):
            played.app.post_message(event)
        await played.until(lambda: played.explorer.path == "0", "one row down")
        assert played.explorer.console.prompt.text == ""
        await played.press("greater_than_sign", "x")
        for event in TerminalReports().feed("\x1bb"):  # with text there it is Alt+B, which moves by a word
            played.app.post_message(event)
        await played.until(lambda: played.explorer.console.prompt.cursor_location == (0, 0), "moved")
        assert played.asked(Backward) == []
        await played.press("delete")
        for event in TerminalReports().feed("\x1bf"):
            played.app.post_message(event)
        await played.until(lambda: played.asked(Forward), "run forward")


async def test_a_key_waits_for_the_pane_that_it_is_for() -> None:
    async with opened() as played:
        facts = [Fact(label=f"fact {index}", text="x") for index in range(40)]
        played.engine.answers[Describe] = lambda body: Description(
            path=body.path, groups=[FactGroup(title="All", facts=facts)]
        )
        gate = played.engine.hold(Describe)
        burst(played, "3", "G", "t")
        await played.until(lambda: played.asked(Describe), "asked")
        assert played.explorer.query_one("#info").cursor == 0
        gate.set()
        await played.until(lambda: played.explorer.query_one("#info").cursor == 40, "the last fact")
        await played.reported("theme")  # what was typed behind it comes behind it


async def test_a_key_for_a_heat_map_that_is_still_drawn_is_kept_for_it() -> None:
    async with opened() as played:
        await played.selected("0.block 0.0.weight")
        gate = played.engine.hold(HeatMap)
        burst(played, "1", "H", "i")
        await played.until(lambda: played.asked(HeatMap), "asked")
        assert not isinstance(played.app.screen, Jump)
        gate.set()
        await played.until(lambda: isinstance(played.app.screen, Jump), "the jump")


async def test_a_pane_that_never_answers_holds_nothing_up_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_order, "PATIENCE", 0.05)
    async with opened() as played:
        played.engine.hold(Describe)
        burst(played, "3", "G", "t")
        await played.reported("theme")


@pytest.mark.slow
async def test_what_names_a_run_is_no_key_of_the_calls_also_where_the_run_was_not_over_yet() -> None:
    async with opened() as played:
        table = played.explorer.query_one(CallTable)
        await played.press("f", "6")
        await played.until(lambda: table.complete and table.has_focus and not played.explorer.pending, "a run")
        gate = played.engine.hold(Forward)
        burst(played, "f", "D", "n", *"first 1d")
        await played.until(lambda: any(each.group == AWAITING for each in played.app.workers), "D")
        assert played.explorer.pending
        gate.set()
        await played.until(lambda: isinstance(played.app.screen, RunChoices), "the panel stands")
        await played.rest()
        assert played.app.screen.query_one("#run-name", LineInput).value == "first 1d"


@pytest.mark.slow
async def test_however_long_a_run_takes_what_is_typed_for_a_panel_behind_it_is_no_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    patience, hold_long = input_order.PATIENCE, InputOrder.hold_long

    def impatient(order: InputOrder, on_given_up: Callable[[], None]) -> Callable[[bool], None]:
        monkeypatch.setattr(input_order, "PATIENCE", 0.02)  # not before: a busy machine needs as long for the key
        return hold_long(order, on_given_up)

    monkeypatch.setattr(InputOrder, "hold_long", impatient)
    async with opened() as played:
        gate = played.engine.hold(Forward)
        burst(played, "f", "K", *"two")
        await played.sees("K and 3 keys wait for it, Esc gives up")
        assert played.explorer.path == ""
        await played.pilot.press("f")
        await played.sees("K and 4 keys wait")
        monkeypatch.setattr(input_order, "PATIENCE", patience)
        gate.set()
        await played.until(lambda: getattr(played.app.focused, "value", "") == "twof", "what was typed is the name")
        assert "wait" not in played.text.splitlines()[0]
        assert len(played.asked(Forward)) == 1


@pytest.mark.parametrize("escape", slow_but(1, [["escape", "j"], ["alt+f"]]))
async def test_escape_gives_up_a_panel_that_waits_with_what_was_typed_for_it(escape: list[str]) -> None:
    async with opened() as played:
        gate = played.engine.hold(Forward)
        burst(played, "f", "I")
        await played.sees("I waits for it")
        burst(played, *"bz")
        await played.sees("I and 2 keys wait")
        if escape == ["alt+f"]:
            for event in TerminalReports().feed("\x1bf"):  # Escape, and f right behind it
                played.app.post_message(event)
            await played.until(lambda: len(played.asked(Forward)) == 2, "the key behind Escape acts")
        else:
            burst(played, *escape)
            await played.until(lambda: played.explorer.path == "0", "the key behind Escape acts")
        assert played.asked(Backward) == []
        assert "Esc gives up" not in played.text
        gate.set()
        await played.until(lambda: not played.explorer.running and not played.explorer.pending, "it is over")
        assert not isinstance(played.app.screen, InputForm)


async def test_what_a_panel_waits_for_is_interrupted_as_ever() -> None:
    async with opened() as played:
        gate = played.engine.hold(Forward)
        burst(played, "f", "I", "x")
        await played.sees("I and 1 key wait")
        await played.press("ctrl+c")
        await played.until(lambda: played.asked(Interrupt), "interrupted")
        await played.sees("I and 1 key wait")
        gate.set()
        await played.until(lambda: isinstance(played.app.screen, InputForm), "it is over")


@pytest.mark.slow
async def test_what_was_typed_for_a_panel_is_forgotten_where_the_engine_ends() -> None:
    async with opened() as played:
        played.engine.hold(Forward)
        burst(played, "f", "W", "Z")
        await played.sees("W and 1 key wait")
        played.engine.end()
        await played.sees("no engine")
        await played.rest()
        assert played.app.screen is played.explorer
        assert not played.explorer.has_class("-zoom-left")
        await played.press("2")  # and no other is kept
        await played.until(lambda: played.explorer.query_one("#right-panes").current == "gradients", "it acts")


@pytest.mark.parametrize("escape", slow_but(1, [["escape", "j"], ["alt+f"]]))
async def test_escape_in_one_read_with_the_key_of_a_panel_gives_it_up_too(escape: list[str]) -> None:
    async with opened() as played:
        gate = played.engine.hold(Forward)
        if escape == ["alt+f"]:
            burst(played, "f", "I")
            for event in TerminalReports().feed("\x1bf"):  # Escape, and f right behind it
                played.app.post_message(event)
            await played.until(lambda: len(played.asked(Forward)) == 2, "the key behind Escape acts")
        else:
            burst(played, "f", "I", *escape)
            await played.until(lambda: played.explorer.path == "0", "the key behind Escape acts")
        gate.set()
        await played.until(lambda: not played.explorer.running and not played.explorer.pending, "it is over")
        await played.until(lambda: all(each.group != AWAITING for each in played.app.workers), "nothing is awaited")
        await played.rest()
        assert not isinstance(played.app.screen, InputForm)


async def test_an_interrupt_in_one_read_with_the_key_of_a_panel_does_not_wait() -> None:
    async with opened() as played:
        gate = played.engine.hold(Forward)
        burst(played, "f", "I", "ctrl+c", "x")
        await played.until(lambda: played.asked(Interrupt), "interrupted")
        await played.sees("I and 1 key wait")
        gate.set()
        await played.until(lambda: isinstance(played.app.screen, InputForm), "it is over")


@pytest.mark.slow
async def test_whether_to_kill_the_engine_is_answered_by_a_key_while_a_panel_waits() -> None:
    async with opened() as played:
        gate = played.engine.hold(Forward)
        burst(played, "f", "I", "x")
        await played.sees("I and 1 key wait")
        await played.press(*["ctrl+c"] * 3)
        await played.sees("does not react")
        await played.press("n")
        await played.until(lambda: played.app.screen is played.explorer, "answered")
        gate.set()
        await played.until(lambda: not played.explorer.running and not played.explorer.pending, "it is over")
        await played.rest()
        assert not isinstance(played.app.screen, InputForm)


@pytest.mark.slow
async def test_a_panel_that_cannot_be_shown_keeps_no_keys() -> None:
    def show() -> None:
        raise ValueError("own")

    async with opened() as played:
        played.explorer.running = "training"
        played.explorer.when_over("I", show)
        played.explorer.running = ""
        await played.reported("own fault")
        played.app._exception = None
        await played.press("2")
        await played.until(lambda: played.explorer.query_one("#right-panes").current == "gradients", "it acts")
