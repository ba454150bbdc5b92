"""The net under every handler: a fault of our own is reported in the console, and the screen goes on.

Textual ends an app for any exception that a handler raises, and with it the widget whose handler it was.  A tool that
holds an hour's work of a user may not: here the message that met the fault is lost, and nothing else.  A widget that
cannot be drawn is a blank pane with a word in it.  Only a fault in reporting a fault, or one before there is a console
to report it in, ends the program: the terminal is given back, one line says what it was, the traceback is in a file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from rich.segment import Segment
from textual.app import App
from textual.events import Compose, InputEvent, Load, Mount
from textual.geometry import Region
from textual.message import Message
from textual.message_pump import MessagePump
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget
from textual.worker import Worker, WorkerFailed, WorkerState

from models.engine.fault_file import keep_traceback
from tui.faults import Fault
from tui.quick_styles import QuickStylesheet

AnyWidget = TypeVar("AnyWidget", bound=Widget)

NOT_DRAWN = "✗ this pane could not be drawn: the console says why"
SOONEST = 0.001
"""Seconds from now that a timer waits at least."""
SHOWN_AGAIN = (10, 100, 1000, 10_000)
"""After how many times of one fault a line is written about it again."""


class GuardedApp(App[int], inherit_bindings=False):
    """An app that goes on after a fault in a handler, a callback, a worker or a widget's drawing."""

    ended_by: str = ""
    """The line that says which fault ended the app, for after the terminal was given back; empty when none did."""

    def __init__(self) -> None:
        super().__init__()
        self.stylesheet = QuickStylesheet(variables=self.get_css_variables())
        _spread()
        self._faults: dict[tuple[str, str], int] = {}
        self._reporting = False

    def report_fault(self, fault: Fault, place: str, times: int) -> bool:
        """Show a fault to the user; return False when there is nothing yet to show it in.

        Args:
            fault: what happened.
            place: the file that has its traceback, empty when none could be written.
            times: how often it happened so far.
        """
        raise NotImplementedError

    def catch(self, error: BaseException, message: Message | None = None) -> None:
        """Report a fault and go on; or, where that cannot be, end the app.

        Args:
            error: what a handler raised.
            message: what it was handling, if a message.
        """
        if self._exception is None and isinstance(error, Exception):
            self._exception = error  # Textual's own pilot raises it at the end of a test
        fault = Fault.of(error)
        times = self._faults[fault.signature] = self._faults.get(fault.signature, 0) + 1
        if times > 1 and times not in SHOWN_AGAIN:
            return
        fault, place = self.keep(error)
        if self._exit:
            return  # while the app closes there is nobody any more to read it
        if self._reporting:
            self.end_by(fault, place)
            return
        self._reporting = True
        try:
            shown = self.report_fault(fault, place, times)
        except Exception as second:
            self.keep(second)
            shown, message = False, None
        finally:
            self._reporting = False
        if not shown and not isinstance(message, InputEvent):  # a key or a move of the mouse is not missed
            self.end_by(fault, place)

    def keep(self, error: BaseException) -> tuple[Fault, str]:
        """Write a fault to the file; return it, and the file's path, which is empty when it cannot be written."""
        fault = Fault.of(error)
        return fault, str(keep_traceback(fault.traceback) or "")

    def end_by(self, fault: Fault, place: str) -> None:
        """End the app for a fault that cannot be survived."""
        if not self.ended_by:
            self.ended_by = ended_line(fault, place)
        self._return_code = 1
        self._exit = True
        self._close_messages_no_wait()
        self._exception_event.set()

    # -- what Textual calls when something was raised
    def _handle_exception(self, error: Exception) -> None:
        self.catch(error.error if isinstance(error, WorkerFailed) else error)

    def panic(self, *renderables: Any) -> None:
        """End the app: Textual's own threads ask for it when they cannot go on."""
        text = "".join(segment.text for each in renderables for segment in self.console.render(each))
        fault = Fault("Textual cannot go on", "a thread of Textual's", text)
        self.end_by(fault, str(keep_traceback(fault.traceback) or ""))

    async def _process_messages(self, *args: Any, **named: Any) -> None:
        # Before anything is drawn or begun: what fails in a callback or task until then, nobody would hear of.
        asyncio.get_running_loop().set_exception_handler(self._task_failed)
        await super()._process_messages(*args, **named)

    def _task_failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, Exception):
            self.catch(error)


def ended_line(fault: Fault, place: str) -> str:
    """Return the line about a fault that ended the program."""
    where = f"; please report it: the traceback is in {place}" if place else f" at {fault.place}"
    return f"ended by a fault of its own, {fault.title}{where}"


def _spread() -> None:
    """Put the net under Textual's message loops, its timers and the drawing of widgets, once.

    Textual's loops end with the handler's exception, and offer no place for this: so it goes around what they call.
    Apps that are no `GuardedApp` behave as always.
    """
    if getattr(MessagePump, "_modulescope_net", False):
        return
    dispatch = MessagePump._dispatch_message

    async def guarded_dispatch(self: MessagePump, message: Message) -> None:
        try:
            await dispatch(self, message)
        except Exception as error:
            app = _guarded(self)
            if app is None or not app._running or isinstance(message, Load):
                raise
            if isinstance(self, App) and isinstance(message, Compose | Mount):
                raise  # there is no app without them
            app.catch(error, message)
        else:
            if isinstance(message, Worker.StateChanged) and message.state is WorkerState.ERROR:
                _catch_worker(self, message.worker)

    MessagePump._dispatch_message = guarded_dispatch  # type: ignore[method-assign]
    MessagePump.set_timer = _later(MessagePump.set_timer)  # type: ignore[method-assign]
    Widget.render_lines = guarded_drawing(Widget.render_lines)  # type: ignore[method-assign]
    MessagePump._modulescope_net = True  # type: ignore[attr-defined]


def _later(set_timer: Callable[..., Timer]) -> Callable[..., Timer]:
    """Have `set_timer` take a time that is over already as one that is over in a moment.

    Textual's timer counts such times in a loop that never ends.  Its own notices set one where their time runs out just
    when they are to be shown on another screen.
    """

    @wraps(set_timer)
    def later(self: MessagePump, delay: float, *args: Any, **named: Any) -> Timer:
        return set_timer(self, max(delay, SOONEST), *args, **named)

    return later


def guarded_drawing(render_lines: Callable[[AnyWidget, Region], list[Strip]]) -> Callable[..., list[Strip]]:
    """Put the net under a widget's `render_lines`: where it raises the widget is blank, with a word in it.

    Textual's own has it; a widget that overrides the method adds it to its own.
    """

    @wraps(render_lines)
    def guarded(self: AnyWidget, crop: Region) -> list[Strip]:
        try:
            return render_lines(self, crop)
        except Exception as error:
            app = _guarded(self)
            if app is None or not app._running:
                raise
            if getattr(self, "SHOWS_FAULTS", False):
                app.end_by(*app.keep(error))
            else:
                app.catch(error)
            return _not_drawn(crop)

    return guarded


def _guarded(pump: MessagePump) -> GuardedApp | None:
    try:
        app = pump.app
    except Exception:  # outside any app
        return None
    return app if isinstance(app, GuardedApp) else None


def _catch_worker(pump: MessagePump, worker: Worker[Any]) -> None:
    """A fault in a worker that does not end the app is silent otherwise."""
    app = _guarded(pump)
    if app is not None and worker.error is not None and not worker.exit_on_error:
        app.catch(worker.error)


def _not_drawn(crop: Region) -> list[Strip]:
    words = Strip([Segment(NOT_DRAWN)])
    return [
        (words if crop.y + line == 0 else Strip.blank(0)).adjust_cell_length(crop.right).crop(crop.x, crop.right)
        for line in range(crop.height)
    ]
