"""Ways to an element that may be far away: to an index that is typed, and to the next NaN or infinity.

Part of `ValueGrid`, which knows how to turn to an element.
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
from tui.widgets.grid.jump import Jump
from tui.widgets.grid.tensor_data import TensorData

PATIENCE = 0.25
"""Seconds after which a search says that it goes on."""
LOOKING = "looking for NaN …"


class SeekNonfinite(Widget):
    """The search for what is not finite, from the cursor on, over all slices; moving the cursor gives up."""

    data: TensorData
    cursor: reactive[tuple[int, int]] = reactive((0, 0), init=False, repaint=False)
    """Row and column, in the matrix of the last two dimensions, of the element that is shown with all its digits."""
    remark = ""
    """Shown of a search, in the last line, until the cursor moves."""
    _seeker: Worker[None] | None = None

    def go_to(self, index: Sequence[int]) -> None:
        """Show the element at an index of the whole tensor, with the cursor on it."""
        raise NotImplementedError

    @property
    def index(self) -> list[int]:
        """Return the index of the element under the cursor, in the whole tensor; empty for a scalar."""
        return self.index_of(self.cursor)

    def index_of(self, element: tuple[int, int]) -> list[int]:
        """Return the index of an element of the matrix in the whole tensor; empty for a scalar."""
        return [*self.data.leading, *element][-len(self.data.shape) :] if self.data.shape else []

    @property
    def _shows_numbers(self) -> bool:
        return self.data.shape is not None and not self.data.sentence

    def action_jump(self) -> None:
        """Ask for an index, and go there."""
        if self.data.shape and self._shows_numbers:
            self.app.push_screen(Jump(self.data.shape, self.data.leading), self._jumped)

    def _jumped(self, index: Sequence[int] | None) -> None:
        if index is not None and self.data.shape is not None and len(index) == len(self.data.shape):
            self.go_to(index)

    # -- NaN and infinity

    @property
    def seeking(self) -> bool:
        """Return whether a search is under way."""
        return self._seeker is not None and not self._seeker.is_finished

    def action_nonfinite(self, direction: int) -> None:
        """Go to the next NaN or infinity (1), or to the previous one (-1)."""
        if self._shows_numbers and not self.seeking:
            self._seeker = self._seek(direction)
            self.refresh_bindings()

    def action_stop_seeking(self) -> None:
        """Stop the search, and show that it was stopped."""
        self.stop_seeking()
        self.show_remark("stopped")

    def stop_seeking(self) -> None:
        """Stop the search, if there is one: the user is moving on."""
        if self._seeker is not None:
            self._seeker.cancel()
            self._seeker = None
            self.refresh_bindings()
        if self.remark:
            self.show_remark("")

    @work(exclusive=True, exit_on_error=False, group="seek")
    async def _seek(self, direction: int) -> None:
        here = self.index
        patience = self.set_timer(PATIENCE, partial(self.show_remark, LOOKING))
        try:
            found = await self.data.next_nonfinite(here, direction, self._progressed)
        except EngineGone:
            self.call_later(self._arrive, None, "")
        except EngineProblem as error:
            self.call_later(self._arrive, None, clean(error.problem.title))
        else:
            of = "gradient" if self.data.of == "gradient" else "tensor"
            if found.absence:
                remark = clean(found.reason)
            elif found.index is None:
                remark = f"no NaN or infinity in this {of}"
            elif found.index == here:
                remark = "the only one"
            elif (found.index > here) == (direction > 0):
                remark = ""
            else:
                remark = "from the start again" if direction > 0 else "from the end again"
            self.call_later(self._arrive, found.index, remark)
        finally:
            patience.stop()

    def _arrive(self, index: Sequence[int] | None, remark: str) -> None:
        if self._seeker is None:
            return  # given up meanwhile
        self._seeker = None
        if index is not None:
            self.go_to(index)
        self.show_remark(remark)
        self.refresh_bindings()

    def _progressed(self, progress: Progress) -> None:
        done = "" if progress.done is None else f" {min(max(progress.done, 0), 1):.0%}"
        self.show_remark(f"{LOOKING}{done}  Esc stops")

    def show_remark(self, remark: str) -> None:
        """Show a remark in the last line until the cursor moves."""
        self.remark = remark
        self.refresh()
