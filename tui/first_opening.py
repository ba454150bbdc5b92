"""Opens what the command line names while the explorer's own parts are still to be imported.

Only for files of weights: no code of a user's runs, so nothing is printed and nothing asks for the console.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from models import messages as m
from tui.starting import is_of_files

if TYPE_CHECKING:
    from tui.asking import Ask
    from tui.command_line import CommandOptions
    from tui.engine_link import EngineLink
    from tui.widgets.tree.module_tree import ModuleTree

Answer = TypeVar("Answer", bound=m.Body)


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


def comparison_request(options: CommandOptions, unfold_to: int) -> m.Compare | None:
    """Return the request that compares with what the command line names; None for none, or where code would run."""
    other = options.compare_with
    if other is None or options.trust or not is_of_files(other):
        return None
    return m.Compare(source=other, seed=options.seed, trust=False, unfold_to=max(unfold_to, 10))


class EarlyReply(Generic[Answer]):
    """The reply to a request that is sent before the explorer stands; whoever waits gets its errors.

    Made within a running event loop.  `send` sends it, with what takes reports of how far it is.
    """

    def __init__(self, send: Callable[[Callable[[m.Progress], None]], Coroutine[Any, Any, Answer]]) -> None:
        self._on_progress: Callable[[m.Progress], None] | None = None
        self._latest: m.Progress | None = None
        self._task = asyncio.create_task(send(self._take_progress))
        self._task.add_done_callback(lambda task: task.cancelled() or task.exception())  # raised where it is awaited

    def _take_progress(self, progress: m.Progress) -> None:
        self._latest = progress
        if self._on_progress is not None:
            self._on_progress(progress)

    async def reply(self, on_progress: Callable[[m.Progress], None]) -> Answer:
        """Wait for the reply; raises as `EngineLink.ask` does.

        `on_progress` is called with the latest report, where there was one, and with each that follows.
        """
        self._on_progress = on_progress
        if self._latest is not None:
            on_progress(self._latest)
        return await self._task

    async def within(self, seconds: float) -> Answer | None:
        """Return the reply, if that takes no longer than so many seconds; None also when it failed."""
        done, _ = await asyncio.wait({self._task}, timeout=seconds)
        return self._task.result() if done and not self._task.cancelled() and not self._task.exception() else None

    def cancel(self) -> None:
        """Give up: nobody waits any more."""
        self._task.cancel()


class FirstOpening:
    """An engine that is being started, and the source that it is to open.

    Made within a running event loop; whoever waits gets its errors.  With `comparison` what is open is compared, too.
    """

    def __init__(self, link: EngineLink, request: m.OpenSource, comparison: m.Compare | None = None) -> None:
        self.request = request
        self.comparing: EarlyReply[m.Compared] | None = None
        """The comparison that was asked for already; None for none."""
        self.shown: ModuleTree | None = None
        """The tree that a user sees already."""
        self.summary: m.Summary | None = None
        """What it is the tree of."""
        self._link = link
        self._comparison = comparison
        self._started = asyncio.create_task(link.start())
        self._started.add_done_callback(lambda task: task.cancelled() or task.exception())
        self._opened = EarlyReply(self._open)

    async def _open(self, on_progress: Callable[[m.Progress], None]) -> m.SourceOpened:
        await self._started
        return await self._link.ask(self.request, m.SourceOpened, on_progress)

    @property
    def ask(self) -> Ask:
        """Return what sends requests to the engine."""
        return self._link.ask

    async def started(self) -> None:
        """Wait for the engine; raises EngineGone as `EngineLink.start` does."""
        await self._started

    async def opened(self, on_progress: Callable[[m.Progress], None]) -> m.SourceOpened:
        """Wait until the source is open, and return the reply; raises as `EarlyReply.reply` does."""
        return await self._opened.reply(on_progress)

    async def within(self, seconds: float) -> m.SourceOpened | None:
        """Return what was opened, if that takes no longer than so many seconds; None also when it failed."""
        return await self._opened.within(seconds)

    async def compared_within(self, seconds: float) -> bool:
        """Ask for the comparison; return whether it is there so soon, False also where there is none."""
        comparison = self._comparison
        if comparison is None:
            return False
        self.comparing = EarlyReply(lambda on_progress: self._link.ask(comparison, m.Compared, on_progress))
        return await self.comparing.within(seconds) is not None

    def cancel(self) -> None:
        """Give up: nobody waits any more."""
        if self.comparing is not None:
            self.comparing.cancel()
        self._opened.cancel()
        self._started.cancel()
