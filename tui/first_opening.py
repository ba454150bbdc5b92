"""Opens what the command line names while the explorer's own parts are still to be imported.

Only for files of weights: no code of a user's runs, so nothing is printed and nothing asks for the console.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from models import messages as m

if TYPE_CHECKING:
    from tui.asking import Ask
    from tui.command_line import Options
    from tui.engine_link import EngineLink
    from tui.widgets.module_tree import ModuleTree


def opening_request(options: Options, source: str, unfold_to: int) -> m.OpenSource:
    """The request that opens `source`; the inputs of the command line belong to the source that it named."""
    named = source == options.source
    return m.OpenSource(
        source=source,
        inputs=options.inputs if named else [],
        inputs_from=options.inputs_from if named else None,
        seed=options.seed,
        device=options.device,
        trust=options.trust and named,
        unfold_to=max(unfold_to, 10),
    )


class FirstOpening:
    """An engine that is being started, and asked.  Made within a running event loop; whoever waits gets its errors."""

    def __init__(self, link: EngineLink, request: m.OpenSource) -> None:
        self.request = request
        self.shown: ModuleTree | None = None
        """The tree that a user sees already."""
        self.summary: m.Summary | None = None
        """What it is the tree of."""
        self._link = link
        self._tell: Callable[[m.Progress], None] | None = None
        self._step: m.Progress | None = None
        self._started = asyncio.create_task(link.start())
        self._opened = asyncio.create_task(self._open())
        for task in (self._started, self._opened):
            task.add_done_callback(lambda task: task.cancelled() or task.exception())  # told by who waits, or nobody

    async def _open(self) -> m.Opened:
        await self._started
        return await self._link.ask(self.request, m.Opened, self._take_step)

    def _take_step(self, step: m.Progress) -> None:
        self._step = step
        if self._tell is not None:
            self._tell(step)

    @property
    def ask(self) -> Ask:
        """Asks the engine."""
        return self._link.ask

    async def started(self) -> None:
        """Wait for the engine; raises EngineGone as `EngineLink.start` does."""
        await self._started

    async def opened(self, progress: Callable[[m.Progress], None]) -> m.Opened:
        """Wait until it is open, told of the progress; raises as `EngineLink.ask` does."""
        self._tell = progress
        if self._step is not None:
            progress(self._step)
        return await self._opened

    async def within(self, seconds: float) -> m.Opened | None:
        """What was opened, if that takes no longer; None also when it failed."""
        done, _ = await asyncio.wait({self._opened}, timeout=seconds)
        return self._opened.result() if done and self._opened.exception() is None else None

    def cancel(self) -> None:
        """Nobody waits any more."""
        self._opened.cancel()
        self._started.cancel()
