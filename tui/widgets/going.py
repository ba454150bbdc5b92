"""Ways to an entry that may be far away: to an index that is typed, and to the next NaN or infinity.

Part of `ValueGrid`, which knows how to turn to an entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual import work
from textual.reactive import reactive
from textual.widget import Widget
from textual.worker import Worker

from models.messages import Progress
from models.messages.errors import EngineGone, EngineProblem
from tui.text import clean
from tui.widgets.jump import Jump
from tui.widgets.sheet import Sheet

PATIENCE = 0.25
"""Seconds after which a search says that it goes on."""
LOOKING = "looking for NaN …"


class Going(Widget):
    """What is not finite is looked for from the cursor on, over all slices; moving the cursor gives up."""

    sheet: Sheet
    cursor: reactive[tuple[int, int]] = reactive((0, 0), init=False, repaint=False)
    """Row and column, in the matrix of the last two dimensions, of the entry that is told exactly."""
    remark = ""
    """Told of a search, in the last line, until the cursor moves."""
    _seeker: Worker[None] | None = None

    def go_to(self, index: Sequence[int]) -> None:
        """Show the entry at an index of the whole tensor, with the cursor on it."""
        raise NotImplementedError

    @property
    def index(self) -> list[int]:
        """Of the entry under the cursor, in the whole tensor."""
        return [*self.sheet.leading, *self.cursor][-len(self.sheet.shape) :] if self.sheet.shape else []

    @property
    def _shows_numbers(self) -> bool:
        return self.sheet.shape is not None and not self.sheet.sentence

    def action_jump(self) -> None:
        if self.sheet.shape and self._shows_numbers:
            self.app.push_screen(Jump(self.sheet.shape, self.sheet.leading), self._jumped)

    def _jumped(self, index: Sequence[int] | None) -> None:
        if index is not None and self.sheet.shape is not None and len(index) == len(self.sheet.shape):
            self.go_to(index)

    # -- NaN and infinity

    @property
    def seeking(self) -> bool:
        """Whether a search is under way."""
        return self._seeker is not None and not self._seeker.is_finished

    def action_nonfinite(self, step: int) -> None:
        if self._shows_numbers and not self.seeking:
            self._seeker = self._seek(step)
            self.refresh_bindings()

    def action_stop_seeking(self) -> None:
        self.stop_seeking()
        self._tell("stopped")

    def stop_seeking(self) -> None:
        """The user is moving on."""
        if self._seeker is not None:
            self._seeker.cancel()
            self._seeker = None
            self.refresh_bindings()
        if self.remark:
            self._tell("")

    @work(exclusive=True, exit_on_error=False, group="seek")
    async def _seek(self, step: int) -> None:
        here = self.index
        patience = self.set_timer(PATIENCE, partial(self._tell, LOOKING))
        try:
            found = await self.sheet.next_nonfinite(here, step, self._progressed)
        except EngineGone:
            self.call_later(self._arrive, None, "")
        except EngineProblem as error:
            self.call_later(self._arrive, None, clean(error.problem.title))
        else:
            of = "gradient" if self.sheet.of == "gradient" else "tensor"
            if found.absence:
                remark = clean(found.reason)
            elif found.index is None:
                remark = f"no NaN or infinity in this {of}"
            elif found.index == here:
                remark = "the only one"
            elif (found.index > here) == (step > 0):
                remark = ""
            else:
                remark = "from the start again" if step > 0 else "from the end again"
            self.call_later(self._arrive, found.index, remark)
        finally:
            patience.stop()

    def _arrive(self, index: Sequence[int] | None, remark: str) -> None:
        if self._seeker is None:
            return  # given up meanwhile
        self._seeker = None
        if index is not None:
            self.go_to(index)
        self._tell(remark)
        self.refresh_bindings()

    def _progressed(self, progress: Progress) -> None:
        done = "" if progress.done is None else f" {min(max(progress.done, 0), 1):.0%}"
        self._tell(f"{LOOKING}{done}  Esc stops")

    def _tell(self, remark: str) -> None:
        self.remark = remark
        self.refresh()
