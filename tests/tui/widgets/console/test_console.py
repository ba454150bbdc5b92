from __future__ import annotations

import asyncio
import gc
import warnings
from pathlib import Path

import pytest
from stage import until
from textual import events
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from models.messages import Body, Complete, CompletionItem, Completions, Problem
from models.messages.errors import EngineGone
from tui.history import History
from tui.numbers import elapsed
from tui.widgets.console.console import Console


class Engine:
    """Completes every name to the three below."""

    names = ("weight", "width", "bias")

    def __init__(self) -> None:
        self.asked: list[Complete] = []
        self.gone = False
        self.slow: asyncio.Event | None = None
        self.cancelled = 0

    async def __call__(self, request: Body, answer: type, /, on_progress: object = None) -> Completions:
        assert isinstance(request, Complete)
        if self.gone:
            raise EngineGone("The engine ended")
        self.asked.append(request)
        if self.slow:
            try:
                await self.slow.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        start = request.cursor
        while start and request.text[start - 1].isalnum():
            start -= 1
        typed = request.text[start : request.cursor]
        found = [CompletionItem(text=name, kind="parameter") for name in self.names if name.startswith(typed)]
        return Completions(start=start, items=found)


class Tiny(App[None]):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.engine = Engine()
        self.console_ = Console(self.engine, History(folder))
        self.ran: list[str] = []
        self.back = 0

    BINDINGS = [("escape", "go_back", "back"), ("q", "quit", "quit")]

    def compose(self) -> ComposeResult:
        yield self.console_

    def on_mount(self) -> None:
        self.console_.focus_prompt()

    def on_console_submitted(self, event: Console.Submitted) -> None:
        self.ran.append(event.text)

    def action_go_back(self) -> None:
        self.back += 1


@pytest.fixture
def app(tmp_path: Path) -> Tiny:
    return Tiny(tmp_path)


async def completed(pilot: Pilot[None]) -> None:
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


def texts(app: Tiny) -> list[str]:
    return [line.mark + line.text for line in app.console_.output.lines]


async def test_enter_runs_a_complete_line_and_shows_it(app: Tiny) -> None:
    async with app.run_test() as pilot:
        await pilot.press(*"q = 1", "enter")
        await pilot.pause()
        assert app.ran == ["q = 1"]
        assert app.console_.prompt.text == ""
        assert texts(app) == [">>> q = 1"]
        assert app.console_.history.entries == ["q = 1"]


async def test_a_block_is_indented_and_ends_at_an_empty_line(app: Tiny) -> None:
    async with app.run_test() as pilot:
        await pilot.press(*"for i in x:", "enter", *"i", "enter")
        assert app.ran == []
        assert app.console_.prompt.text == "for i in x:\n    i\n    "
        await until(pilot, lambda: app.console_.query_one("#mark").size.height == 3)
        await pilot.press("backspace")
        assert app.console_.prompt.text == "for i in x:\n    i\n"
        await pilot.press("enter")
        await pilot.pause()
        assert app.ran == ["for i in x:\n    i"]
        assert texts(app) == [">>> for i in x:", "...     i"]


async def test_a_paste_of_several_lines_runs_as_one_block(app: Tiny) -> None:
    async with app.run_test() as pilot:
        app.console_.prompt._insert_pasted(">>> def f():\n...     return 1\n>>> f()")
        assert app.ran == []
        await pilot.press("enter")
        await pilot.pause()
        assert app.ran == ["def f():\n    return 1\nf()"]


async def test_a_huge_paste_is_refused(app: Tiny) -> None:
    async with app.run_test() as pilot:
        app.console_.prompt._insert_pasted("x" * 1_000_000)
        await pilot.pause()
        assert app.console_.prompt.text == ""
        assert "1,000,000 characters" in texts(app)[0]


async def test_the_prompt_grows_to_eight_lines(app: Tiny) -> None:
    async with app.run_test() as pilot:
        app.console_.prompt.text = "\n".join(map(str, range(20)))
        await pilot.pause()
        assert app.console_.prompt.size.height == 8
        app.console_.prompt.text = ""
        await pilot.pause()
        assert app.console_.prompt.size.height == 1


async def test_up_and_down_walk_history_with_what_was_typed(app: Tiny) -> None:
    async with app.run_test() as pilot:
        for entry in ("net[0]", "X", "for p in x:\n    p"):
            app.console_.history.add(entry)
        prompt = app.console_.prompt
        await pilot.press("up")
        assert prompt.text == "for p in x:\n    p"
        await pilot.press("up", "up")  # to its first line, then further back
        assert prompt.text == "X"
        await pilot.press("down", "down", "down")
        assert prompt.text == ""
        await pilot.press(*"ne", "up")
        assert prompt.text == "net[0]"
        await pilot.press("up")
        assert prompt.text == "net[0]"
        await pilot.press("down")
        assert prompt.text == "ne"


async def test_completions_come_after_a_dot_and_tab_takes_the_first(app: Tiny) -> None:
    async with app.run_test() as pilot:
        await pilot.press(*"net.")
        await completed(pilot)
        assert app.engine.asked == [Complete(text="net.", cursor=4)]
        assert app.console_.choices.display
        await pilot.press("tab")
        await pilot.pause()
        assert app.console_.prompt.text == "net.weight"
        assert not app.console_.choices.display


async def test_typing_narrows_and_only_the_last_question_is_asked(app: Tiny) -> None:
    async with app.run_test() as pilot:
        app.engine.slow = asyncio.Event()
        await pilot.press(*"net.")
        while not app.engine.asked:
            await pilot.pause(0.01)
        await pilot.press("w")
        await pilot.pause()
        assert app.engine.cancelled == 1
        app.engine.slow.set()
        await completed(pilot)
        assert [item.text for item in app.console_.choices.items] == ["weight", "width"]


async def test_enter_is_only_taken_once_the_list_was_entered(app: Tiny) -> None:
    async with app.run_test() as pilot:
        await pilot.press(*"net.")
        await completed(pilot)
        await pilot.press("down", "down", "enter")
        await pilot.pause()
        assert app.console_.prompt.text == "net.width"
        assert app.ran == []
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press(*"net.bias.")
        await completed(pilot)
        await pilot.press("backspace", "enter")
        await pilot.pause()
        assert app.ran == ["net.width", "net.bias"]


async def test_completions_that_are_replaced_before_they_begin_leave_nothing(app: Tiny) -> None:
    async with app.run_test() as pilot:
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            for _ in range(3):
                app.console_._complete(0.0)
            await pilot.pause()
            gc.collect()
        assert [str(each.message) for each in found] == []


async def test_tab_completes_at_once_when_there_is_one_and_indents_at_a_lines_start(app: Tiny) -> None:
    async with app.run_test() as pilot:
        await pilot.press("b", "tab")
        await completed(pilot)
        assert app.console_.prompt.text == "bias"
        app.console_.prompt.text = "if x:\n"
        app.console_.prompt.move_cursor((1, 0))
        await pilot.press("tab")
        assert app.console_.prompt.text == "if x:\n    "


async def test_a_completion_keeps_what_follows_the_cursor(app: Tiny) -> None:
    async with app.run_test() as pilot:
        app.console_.prompt.text = "a\nf(net.bi, 1)"
        app.console_.prompt.move_cursor((1, 8))
        await pilot.press("tab")
        await completed(pilot)
        assert app.console_.prompt.text == "a\nf(net.bias, 1)"
        assert app.console_.prompt.cursor_location == (1, 10)


async def test_escape_closes_the_list_first_and_then_goes_back(app: Tiny) -> None:
    async with app.run_test() as pilot:
        await pilot.press(*"net.")
        await completed(pilot)
        await pilot.press("escape")
        assert (app.console_.choices.display, app.back) == (False, 0)
        await pilot.press("escape")
        assert app.back == 1
        assert app.console_.prompt.text == "net."


async def test_it_works_without_an_engine(app: Tiny) -> None:
    async with app.run_test() as pilot:
        app.engine.gone = True
        await pilot.press(*"net.", "tab")
        await completed(pilot)
        await pilot.press("backspace", "enter")
        await pilot.pause()
        assert app.ran == ["net"]


async def test_a_problem_shows_its_title_and_its_frames(app: Tiny) -> None:
    async with app.run_test():
        app.console_.show_error(Problem("model", "IndexError: [/] gone", "line 1\n  net[7]\n"))
        assert texts(app) == ["✗ IndexError: [/] gone", "  line 1", "    net[7]"]
        app.console_.show_error(Problem("model", "RuntimeError: size", "line 1", hint="`[/b]` expects 4\x1b[31m"))
        assert texts(app)[3:] == ["✗ RuntimeError: size", "  line 1", "→ `[/b]` expects 4␛[31m"]


async def test_what_runs_is_reported_after_a_while_with_its_time(app: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("tui.widgets.console.console.monotonic", lambda: now)
    async with app.run_test():
        console = app.console_
        running = console.query_one("#running")
        console.busy("forward")
        now = 100.2
        console._show_running()
        assert not running.display
        now = 103.4
        console._show_running()
        assert running.display
        assert "forward 3 s · Ctrl+C interrupts" in str(running.render())
        console.busy("")
        assert not running.display


def test_elapsed_time_says_enough() -> None:
    assert [elapsed(seconds) for seconds in (0.4, 59.9, 125, 3720)] == ["0 s", "59 s", "2 min 05 s", "1 h 02 min"]


async def test_the_log_is_cleared_and_paged_from_the_prompt(app: Tiny) -> None:
    async with app.run_test() as pilot:
        app.console_.show_value("\n".join(map(str, range(200))))
        await pilot.pause()
        end = app.console_.output.scroll_offset.y
        await pilot.press("pageup")
        await pilot.pause()
        assert app.console_.output.scroll_offset.y < end
        await pilot.press("ctrl+l")
        await pilot.pause()
        assert texts(app) == []


async def test_a_history_that_cannot_be_kept_is_reported_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    app = Tiny(tmp_path / "file")
    async with app.run_test() as pilot:
        await pilot.press("x", "enter", "y", "enter")
        await pilot.pause()
        assert sum("not kept" in text for text in texts(app)) == 1
        assert app.ran == ["x", "y"]


async def test_what_is_typed_right_behind_enter_is_no_part_of_the_statement(app: Tiny) -> None:
    async with app.run_test() as pilot:
        for key in ("a", "enter", "b", "backspace", "c", "enter", "d"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await pilot.pause()
        await pilot.pause()
        assert app.ran == ["a", "c"]
        assert app.console_.prompt.text == "d"
