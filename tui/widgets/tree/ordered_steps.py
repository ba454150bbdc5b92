"""A paged list whose keys are done strictly in their order, also those that ask the engine.

While an answer is on its way even plain moves wait for it, so that quick typing lands where slow typing does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from textual import work

from models.messages.errors import EngineGone, EngineProblem
from tui.asking import Ask
from tui.widgets.lists.paged_lines import PagedLines, Row

Step = Callable[[], Awaitable[None]]


class OrderedSteps(PagedLines[Row]):
    """A `PagedLines` with a queue of steps: `do_in_order` adds one, `settled` waits for the last."""

    def __init__(self, ask: Ask, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(ask, id=id, classes=classes)
        self._steps: asyncio.Queue[Step] = asyncio.Queue()
        self._stepping = False

    async def settled(self) -> None:
        """Wait until everything that was asked for is done."""
        await self._steps.join()

    def do_in_order(self, step: Step) -> None:
        """Do a step after those that were asked for before it."""
        self._steps.put_nowait(step)
        if not self._stepping:
            self._stepping = True
            self._work()

    @work(exit_on_error=False, group="tree", name="tree steps")
    async def _work(self) -> None:
        try:
            while not self._steps.empty():
                step = self._steps.get_nowait()
                try:
                    await step()
                except EngineGone:
                    pass  # what is here stays
                except EngineProblem as error:
                    self.rows_failed(error.problem)
                finally:
                    self._steps.task_done()
        finally:
            self._stepping = False

    def move_in_order(self, move: Callable[[], None]) -> None:
        """Move at once, or after what is under way."""
        if not self._stepping:
            move()
            return

        async def step() -> None:
            move()
            await self.load_cursor()

        self.do_in_order(step)

    async def load_cursor(self) -> None:
        """Wait for the row under the cursor: the step that follows depends on it."""
        if self.count and self.row is None:
            await self.pages.renew(self.cursor, self.cursor)
            self.cursor_loaded()

    def cursor_loaded(self) -> None:
        """Take in that the row under the cursor came."""

    def action_move(self, rows: int) -> None:
        self.move_in_order(lambda: super(OrderedSteps, self).action_move(rows))

    def action_page(self, pages: int) -> None:
        self.move_in_order(lambda: super(OrderedSteps, self).action_page(pages))

    def action_first(self) -> None:
        self.move_in_order(super().action_first)

    def action_last(self) -> None:
        self.move_in_order(super().action_last)
