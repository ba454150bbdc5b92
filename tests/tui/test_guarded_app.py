"""The net: whatever raises, the screen goes on, and the user sees what happened."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cases import slow_but
from fake_app import AppEngine, Played, opened, starting
from stage import until
from textual import events
from textual.notifications import Notification
from textual.widgets._toast import Toast

from tui.guarded_app import NOT_DRAWN, GuardedApp
from tui.screens.explorer import Explorer
from tui.widgets.console.output import Output
from tui.widgets.parts.info import Info
from tui.widgets.tree.module_tree import ModuleTree


@pytest.fixture(autouse=True)
def fault_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MODULESCOPE_FAULTS", str(tmp_path / "faults.log"))
    return tmp_path / "faults.log"


@asynccontextmanager
async def faulty(**options: Any) -> AsyncIterator[Played]:
    """The app with rgnet open; faults in it do not fail the test."""
    async with opened("rgnet", **options) as played:
        try:
            yield played
        finally:
            played.app._exception = None


def fail(*args: object, **named: object) -> None:
    raise ZeroDivisionError("planted")


def written(file: Path, *texts: str) -> bool:
    """Whether the file of faults has all of `texts`."""
    text = file.read_text(encoding="utf-8")
    return all(each in text for each in texts)


async def goes_on(played: Played) -> None:
    """The fault is shown with the way to report it, and the keys still do what they do."""
    await played.reported(
        "modulescope's own fault: ZeroDivisionError: planted", "Please report it: the traceback is in"
    )
    await played.press("j", "k", "u")
    await played.reported("took back")
    assert played.app.is_running
    assert not played.app.ended_by


async def test_an_action_that_raises(monkeypatch: pytest.MonkeyPatch, fault_file: Path) -> None:
    monkeypatch.setattr(Explorer, "action_zoom", fail)
    async with faulty() as played:
        await played.press("Z")
        await goes_on(played)
        assert played.log.count("✗ modulescope's own fault: ZeroDivisionError: planted") == 1
    assert written(fault_file, "in fail", "ZeroDivisionError: planted")


async def test_a_widgets_handler_that_raises_does_not_end_the_widget(monkeypatch: pytest.MonkeyPatch) -> None:
    async with faulty() as played:
        original = ModuleTree.action_move
        monkeypatch.setattr(ModuleTree, "action_move", fail)
        await played.press("j", "j", "j")
        monkeypatch.setattr(ModuleTree, "action_move", original)
        await goes_on(played)
        await played.press("j")
        await played.until(lambda: played.explorer.path == "0", "the tree still takes keys")


@pytest.mark.parametrize(
    "way", slow_but(2, ["timer", "call_later", "call_next", "call_after_refresh", "worker", "task"])
)
async def test_what_is_called_later_and_raises(way: str) -> None:
    async def failing() -> None:
        fail()

    async with faulty() as played:
        tree: ModuleTree = played.explorer.module_tree
        if way == "timer":
            tree.set_timer(0.001, fail)
        elif way == "worker":
            tree.run_worker(failing(), exit_on_error=True)
        elif way == "task":
            task = asyncio.create_task(failing())
            await asyncio.wait([task])
            del task
            gc.collect()
        else:
            getattr(tree, way)(fail)
        await goes_on(played)


async def test_a_pane_that_cannot_be_drawn_says_so_and_the_others_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    async with faulty() as played:
        await played.press("3")
        await played.sees("Sequential")
        monkeypatch.setattr(Info, "render_line", fail)
        played.explorer.query_one(Info).refresh()
        await played.sees(NOT_DRAWN)
        await goes_on(played)
        await played.sees("block 0", NOT_DRAWN)
        monkeypatch.undo()
        played.explorer.query_one(Info).refresh()
        await played.until(lambda: NOT_DRAWN not in played.text, "it is drawn again")


@pytest.mark.slow
async def test_a_list_that_cannot_prepare_its_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with faulty() as played:
        monkeypatch.setattr(ModuleTree, "_look_around", fail)
        played.explorer.module_tree.refresh()
        await played.sees(NOT_DRAWN[:20])
        await played.reported("modulescope's own fault: ZeroDivisionError: planted")
        await played.sees("5 Console")


async def test_the_same_fault_again_and_again_does_not_fill_the_console(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Explorer, "action_zoom", fail)
    async with faulty() as played:
        for _ in range(12):
            await played.press("Z")
        await played.reported("(10 times now)")
        assert played.log.count("✗ modulescope's own fault: ZeroDivisionError: planted") == 2


@pytest.mark.slow
async def test_a_size_that_cannot_be_laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async with faulty() as played:
        monkeypatch.setattr(Explorer, "on_resize", fail, raising=False)
        monkeypatch.setattr(Output, "on_resize", fail)
        await played.pilot.resize_terminal(100, 30)
        await goes_on(played)


async def test_a_fault_in_showing_a_fault_ends_the_program_with_one_line(
    monkeypatch: pytest.MonkeyPatch, fault_file: Path
) -> None:
    monkeypatch.setattr(Explorer, "action_zoom", fail)
    monkeypatch.setattr(Explorer, "show_fault", lambda *args: {}["second"])
    async with faulty() as played:
        await played.press("Z")
        await asyncio.wait_for(played.app._exception_event.wait(), 30)
    assert played.app.ended_by == (
        f"ended by a fault of its own, ZeroDivisionError: planted; please report it: the traceback is in {fault_file}"
    )
    assert played.app.return_code == 1
    assert written(fault_file, "ZeroDivisionError: planted", "KeyError: 'second'")


async def test_a_console_that_cannot_be_drawn_ends_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    async with faulty() as played:
        monkeypatch.setattr(Output, "render_line", fail)
        played.explorer.console.output.refresh()
        await asyncio.wait_for(played.app._exception_event.wait(), 30)
    assert "ZeroDivisionError: planted" in played.app.ended_by


@pytest.mark.slow
async def test_before_there_is_a_console_a_fault_ends_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Explorer, "compose", fail)
    async with starting("rgnet", engine=AppEngine()) as played:
        await asyncio.wait_for(played.app._exception_event.wait(), 30)
        played.app._exception = None
    assert "ZeroDivisionError: planted" in played.app.ended_by


async def test_a_key_that_fails_before_there_is_a_console_is_only_kept(
    monkeypatch: pytest.MonkeyPatch, fault_file: Path
) -> None:
    engine = AppEngine()
    async with faulty(engine=engine) as played:
        monkeypatch.setattr(played.app, "_early", [])
        played.app.catch(ZeroDivisionError("planted"), events.Key("j", "j"))
        assert not played.app.ended_by
    assert written(fault_file, "ZeroDivisionError: planted")


class Noticed(GuardedApp):
    def report_fault(self, fault: object, place: str, times: int) -> bool:
        return True


async def test_a_callback_that_fails_before_the_app_is_ready_ends_it(fault_file: Path) -> None:
    class Early(GuardedApp):
        def report_fault(self, fault: object, place: str, times: int) -> bool:
            return False

        async def on_load(self) -> None:
            asyncio.get_running_loop().call_soon(fail)
            await asyncio.sleep(0)

    app = Early()
    await asyncio.wait_for(app.run_async(headless=True), 30)
    assert "ZeroDivisionError: planted" in app.ended_by
    assert written(fault_file, "ZeroDivisionError: planted")


@pytest.mark.parametrize("delay", slow_but(1, [0.0, -0.00005, -60.0]))
async def test_a_timer_for_a_moment_that_is_over_acts_at_once(delay: float) -> None:
    app = Noticed()
    async with app.run_test():
        acted = asyncio.Event()
        timer = app.set_timer(delay, acted.set)
        if timer._interval <= 0:  # or its loop would never end
            timer.stop()
            pytest.fail(f"it counts backwards: {timer._interval}")
        await asyncio.wait_for(acted.wait(), 10)


async def test_a_notice_whose_time_runs_out_as_it_is_shown_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Noticed()
    async with app.run_test() as pilot:
        monkeypatch.setattr(Notification, "has_expired", property(lambda notice: False))  # a moment before it had not
        app.notify("soon over", timeout=-0.00005)
        await pilot.pause()
        monkeypatch.undo()
        await until(pilot, lambda: not app.screen.query(Toast))
