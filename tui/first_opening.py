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
    from tui.command_line import CommandOptions
    from tui.engine_link import EngineLink
    from tui.widgets.tree.module_tree import ModuleTree


def opening_request(options: CommandOptions, source: str, unfold_to: int, named: bool = True) -> m.OpenSource:
    """Return the request that opens `source`, unfolded to `unfold_to` rows at most.

    `named` is whether the command line means this source: its inputs and `--trust` are for no other.
    """
    return m.OpenSource(
        source=source,
        inputs=options.inputs if named else [],
        inputs_from=options.inputs_from if named else None,
        seed=options.seed,
        device=options.device,
        trust=options.trust and named,
        weights=options.weights if named else None,
        unfold_to=max(unfold_to, 10),
        language=options.language,
        mode=m.RunMode(**options.mode) if named else m.RunMode(),  # type: ignore[arg-type]
    )


class FirstOpening:
    """An engine that is being started, and the source that it is to open.

    Made within a running event loop; whoever waits gets its errors.
    """

    def __init__(self, link: EngineLink, request: m.OpenSource) -> None:
        self.request = request
        self.shown: ModuleTree | None = None
        """The tree that a user sees already."""
        self.summary: m.Summary | None = None
        """What it is the tree of."""
        self._link = link
        self._on_progress: Callable[[m.Progress], None] | None = None
        self._latest: m.Progress | None = None
        self._started = asyncio.create_task(link.start())
        self._opened = asyncio.create_task(self._open())
        for task in (self._started, self._opened):
            task.add_done_callback(lambda task: task.cancelled() or task.exception())  # raised where it is awaited

    async def _open(self) -> m.SourceOpened:
        await self._started
        return await self._link.ask(self.request, m.SourceOpened, self._take_progress)

    def _take_progress(self, progress: m.Progress) -> None:
        self._latest = progress
        if self._on_progress is not None:
            self._on_progress(progress)

    @property
    def ask(self) -> Ask:
        """Return what sends requests to the engine."""
        return self._link.ask

    async def started(self) -> None:
        """Wait for the engine; raises EngineGone as `EngineLink.start` does."""
        await self._started

    async def opened(self, on_progress: Callable[[m.Progress], None]) -> m.SourceOpened:
        """Wait until the source is open, and return the reply; raises as `EngineLink.ask` does.

        `on_progress` is called with the latest report, where there was one, and with each that follows.
        """
        self._on_progress = on_progress
        if self._latest is not None:
            on_progress(self._latest)
        return await self._opened

    async def within(self, seconds: float) -> m.SourceOpened | None:
        """Return what was opened, if that takes no longer than so many seconds; None also when it failed."""
        done, _ = await asyncio.wait({self._opened}, timeout=seconds)
        return self._opened.result() if done and self._opened.exception() is None else None

    def cancel(self) -> None:
        """Give up: nobody waits any more."""
        self._opened.cancel()
        self._started.cancel()
