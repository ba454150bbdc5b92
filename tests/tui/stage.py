"""A small app to put one widget on, and waiting until it has nothing more to do."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.widget import Widget
from textual.worker import Worker, WorkerCancelled, WorkerState


class Stage(App[None]):
    """Shows `widgets`, records the messages of the kinds in `listen`, and fails where a worker fails."""

    def __init__(self, *widgets: Widget, listen: tuple[type[Message], ...] = ()) -> None:
        super().__init__()
        self.posted: list[Any] = []
        self._widgets = widgets
        self._listen = listen

    def compose(self) -> ComposeResult:
        yield from self._widgets

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            raise event.worker.error

    async def _on_message(self, message: Message) -> None:
        if isinstance(message, self._listen):
            self.posted.append(message)
        await super()._on_message(message)


async def settled(pilot: Pilot[None]) -> None:
    """Wait until no worker runs and every message is handled, seen twice: what is laid out then asks anew."""
    quiet = 0
    for _ in range(50):
        await pilot.pause()
        running = [worker for worker in pilot.app.workers if not worker.is_finished]
        quiet = 0 if running else quiet + 1
        if quiet == 2:
            return
        for worker in running:
            try:
                await worker.wait()
            except WorkerCancelled:
                continue
    raise AssertionError("the widget never comes to rest")


def lines_of(widget: Widget) -> list[str]:
    """What a line-drawing widget shows, trailing spaces cut."""
    return [widget.render_line(y).text.rstrip() for y in range(widget.size.height)]


async def until(pilot: Pilot[None], condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for `condition`."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, "it never came about"
        await pilot.pause(0.005)
