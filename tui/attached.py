"""The interface of `explore(net)`: a process of its own that speaks with the engine in the user's program.

The engine is there before this process and stays when it ends.  So `R` starts nothing anew, but interrupts what runs
and looks at the object again; and what cannot be interrupted cannot be killed either, only left.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.ending import ENDING
from tui.pinning import leave_current_folder, pin_models
from tui.terminal import forget_claimed_size

if TYPE_CHECKING:
    from models.engine.client import EngineClient, Pause
    from models.messages import Body
    from models.messages.errors import EngineGone
    from tui.asking import Ask

LEFT_ALONE = 3
"""Exit status when the user's program ended."""
LOOK = 1.0
"""Seconds between two looks whether it is still there."""


def main(read: int, write: int, source: str) -> int:
    """Show `source`, which the engine at the other ends of two pipes offers, until the user leaves.

    Args:
        read: the descriptor from which messages come.
        write: the descriptor to which they go.
        source: what the user knows it as.

    Returns:
        The exit status.
    """
    pin_models()
    leave_current_folder()
    ENDING.install(interrupted=0)  # a Ctrl+C before the screen has the keyboard was meant for the program
    forget_claimed_size(os.environ)
    from tui.app import ModulescopeApp
    from tui.command_line import CommandOptions
    from tui.starting import run_app

    starter = Attached(read, write)
    app = ModulescopeApp(CommandOptions(source=source, attached=True), starter)
    starter.leave = lambda status: app.exit(status, return_code=status)
    try:
        return run_app(app)
    except KeyboardInterrupt:
        return 0


class Attached:
    """A starter for an engine that is there already: as often as it is asked, it gives the same one."""

    def __init__(self, read: int, write: int) -> None:
        self.leave: Callable[[int], None] = lambda status: None
        """Ends the app."""
        self._pipes = (read, write)
        self._program = os.getppid()
        self._watching: asyncio.Task[None] | None = None
        self._client: EngineClient | None = None
        self._busy: Body | None = None

    async def start(
        self,
        *,
        on_event: Callable[[Body], Pause],
        on_stderr: Callable[[str], Pause],
        on_gone: Callable[[EngineGone], None],
    ) -> LentEngine:
        """Return the engine.

        Raises:
            EngineGone: it does not answer.
        """
        from models.engine.launch import Launch
        from models.messages import Busy

        def receive(body: Body) -> Pause:
            if isinstance(body, Busy):
                self._busy = body
            return on_event(body)

        if self._client is None:
            launch = Launch.attached(*self._pipes)
            self._client = await launch.start(
                on_event=receive, on_stderr=on_stderr, on_gone=lambda gone: self.leave(LEFT_ALONE)
            )
            self._watching = asyncio.create_task(self._watch(self._client))
        else:
            self._client.on_event = receive
            await self._client.interrupt()
            if self._busy is not None:
                on_event(self._busy)
        return LentEngine(self._client, lambda: self.leave(0))

    async def _watch(self, client: EngineClient) -> None:
        """A process that the program forked keeps the pipes open when the program dies, and answers nothing."""
        while os.getppid() == self._program:  # noqa: ASYNC110  # nothing reports it
            await asyncio.sleep(LOOK)
        client.kill()


class LentEngine:
    """An engine that outlives the interface."""

    def __init__(self, client: EngineClient, leave: Callable[[], None]) -> None:
        self._client = client
        self._leave = leave

    @property
    def request(self) -> Ask:
        """Return what sends requests to it."""
        return self._client.request

    def kill(self) -> None:
        """Leave it alone with what it does: it is the user's own program."""
        self._leave()

    async def close(self) -> None:
        """Do nothing: it sees the end of this process by itself."""
