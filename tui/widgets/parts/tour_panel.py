"""The panel of a guided tour, beside the screen's other parts: what to do, what to look at, and what was to be seen."""

from __future__ import annotations

import re

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content

from tui.language import Language
from tui.line_breaks import word_points
from tui.text import clean_lines
from tui.tours.progress import TourProgress
from tui.tours.tour import TourStep
from tui.widgets.parts.prose import Prose

WIDE = 104
"""Columns of a terminal from which the panel stands at the right, else above."""
COLUMNS = 36
"""Of the panel, at the right."""
ROWS = 7, 8
"""Of the panel, above, where the terminal has room for them: at least, and at most, so that each step is seen whole."""
BESIDE = 4
"""Columns of the panel beside its text."""
LOW = 20
"""Rows of a terminal below which the panel has fewer."""

WORDS = {
    "en": ("Step {} of {}", "done: ) goes on", "The end: T shows the other tours", ") goes on"),
    "zh": ("第 {} 步，共 {} 步", "完成：按 ) 继续", "导览到此结束：按 T 看其他", "按 ) 继续"),
}
"""Of the panel itself: its title, and what follows a step that is done, that of the last one, of any."""
DONE_HERE = {"en": "done: ) goes on once this is closed", "zh": "完成：关闭这里后，按 ) 继续"}
"""What follows a step that is done on a screen that lies over the explorer, where its keys do not act."""
AWAY = {
    "en": "This step is about `{}`, which is not open: `o` opens it.",
    "zh": "这一步用的是 `{}`，它没有打开：按 `o` 打开。",
}
"""Before a step that is not done while its network is not open."""
KEYS = {"en": ("( back", ") next", "T tours"), "zh": ("( 上一步", ") 下一步", "T 导览")}
"""Of the panel: not of the first step, not of the last one, of all."""


class TourPanel(Vertical):
    """Shows one step of a tour; `show` shows another."""

    ALLOW_SELECT = True
    DEFAULT_CSS = """
    TourPanel {
        background: $surface; color: $foreground; border: round $accent; padding: 0 1;
        border-title-color: $accent; border-title-style: bold; border-subtitle-color: $foreground-muted;
        dock: right; margin: 1 0;
        &.-above { dock: top; margin: 1 0 0 0; }
        & > VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; }
        &:ansi { background: ansi_default; }
    }
    """

    def __init__(self, progress: TourProgress, language: Language) -> None:
        super().__init__()
        self.progress = progress
        self.language = language

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield Prose("", id="step", markup=False)

    def on_mount(self) -> None:
        self.refresh_step()

    def place(self, width: int, height: int) -> tuple[int, int]:
        """Take a place on a screen of that size; return the columns and rows that the rest has fewer."""
        columns, rows = self.share(width, height)
        moves = self.has_class("-above") != (not columns)
        self.set_class(not columns, "-above")
        self.styles.width = columns or "100%"
        self.styles.height = max(height - 2, 3) if columns else rows  # between the lines on top and below
        if moves:  # with other gaps between its parts
            self.refresh_step()
        return columns, rows

    def share(self, width: int, height: int) -> tuple[int, int]:
        """Return the columns and rows that the rest of a screen of that size has fewer; one of them is 0."""
        if width >= WIDE:
            return COLUMNS, 0
        return 0, self._rows(width - BESIDE) if height >= LOW else max(height // 3, 3)

    def refresh_step(self) -> None:
        """Show the present step of the tour, from its start."""
        if not self.query("#step"):
            return  # it is shown as soon as there is a place for it
        progress, step = self.progress, self.progress.step
        title = WORDS[self.language][0]
        back, following, tours = KEYS[self.language]
        keys = [back] * bool(progress.index) + [following] * (not progress.is_last) + [tours]
        self.border_title = title.format(progress.index + 1, len(progress.tour.steps))
        self.border_subtitle = "   ".join(keys)
        gap = "\n" if self.has_class("-above") else "\n\n"
        self.query_one("#step", Prose).update(self._content(step, progress.is_done, gap))
        scroll = self.query_one(VerticalScroll)
        if progress.is_done and step.answer is not None:
            scroll.scroll_end(animate=False)
        else:
            scroll.scroll_home(animate=False)

    def _content(self, step: TourStep, is_done: bool, gap: str) -> Content:
        """Return what is shown of a step, its parts with `gap` between them: its answer once it is done."""
        end, done, on = self._endings()
        shown: list[Content | tuple[str, str] | str] = [_marked(step.do.of(self.language))]
        if not is_done and (source := self.progress.away_from):
            shown[:0] = [_marked(AWAY[self.language].format(source)).stylize("$text-warning"), gap]
        if step.look is not None:
            shown += [gap, _marked(step.look.of(self.language))]
        if is_done and step.answer is not None:
            shown += [gap, ("✓ ", "bold $success"), _marked(step.answer.of(self.language))]
        if is_done:
            going = end if step is self.progress.tour.steps[-1] else (done if step.done else on)
            shown += [gap, (going, "bold $accent")]
        return Content.assemble(*shown)

    def _endings(self) -> tuple[str, str, str]:
        """Return what follows the last step once it is done, one with conditions, and one without."""
        _, done, end, on = WORDS[self.language]
        return end, done, on

    def _rows(self, width: int) -> int:
        """Return how many rows the panel has for all steps of the tour, of which the text has `width` columns."""
        needed = max(self.rows_of(step, width) for step in self.progress.tour.steps)
        fewest, most = ROWS
        return min(max(needed + 2, fewest), most)  # with the frame

    def rows_of(self, step: TourStep, width: int, gap: str = "\n") -> int:
        """Return how many rows the text of a step has in `width` columns, its answer included."""
        lines = self._content(step, True, gap).plain.split("\n")
        return sum(len(word_points(line, max(width, 1))) for line in lines)


class TourNote(TourPanel):
    """The same step on a screen that lies over the explorer, where the keys of a tour do not act.

    On a panel that leaves the explorer in sight it lies where the explorer shows it, else it takes as few rows as do.
    """

    DEFAULT_CSS = """
    TourNote {
        margin: 0 0 1 0;  /* above the line of keys */
        &.-above { margin: 0; }
        &.-over { margin: 1 0; }
        &.-over.-above { margin: 1 0 0 0; }
    }
    """

    def on_mount(self) -> None:
        self.set_class(self.screen.is_modal, "-over")
        super().on_mount()

    def share(self, width: int, height: int) -> tuple[int, int]:
        """Return the columns and rows that the rest of a screen of that size has fewer; one of them is 0."""
        columns, rows = super().share(width, height)
        return columns, rows + (rows > 0 and self.screen.is_modal)  # with the line on top of the explorer

    def place(self, width: int, height: int) -> tuple[int, int]:
        columns, rows = super().place(width, height)
        over = self.screen.is_modal
        self.styles.height = max(height - 1 - over, 3) if columns else rows - over
        return columns, rows

    def refresh_step(self) -> None:
        super().refresh_step()
        self.border_subtitle = ""

    def _rows(self, width: int) -> int:
        if self.screen.is_modal:
            return super()._rows(width)
        return min(self.rows_of(self.progress.step, width) + 2, ROWS[1])

    def _endings(self) -> tuple[str, str, str]:
        end, _, on = super()._endings()
        return end, DONE_HERE[self.language], on


def _marked(text: str) -> Content:
    """Return a text with what stands between backticks, which is pressed or typed, in bold."""
    parts = re.split(r"`([^`]+)`", "\n".join(clean_lines(text.strip())))
    return Content.assemble(*((part, "bold $primary") if index % 2 else part for index, part in enumerate(parts)))
