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
        above = width < WIDE
        self.set_class(above, "-above")
        rows = self._rows_of_all(width - BESIDE) if height >= LOW else max(height // 3, 3)
        self.styles.width = "100%" if above else COLUMNS
        self.styles.height = rows if above else max(height - 2, 3)  # between the lines on top and below
        return (0, rows) if above else (COLUMNS, 0)

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
        self.query_one("#step", Prose).update(self._content(step, progress.is_done))
        scroll = self.query_one(VerticalScroll)
        if progress.is_done and step.answer is not None:
            scroll.scroll_end(animate=False)
        else:
            scroll.scroll_home(animate=False)

    def _content(self, step: TourStep, is_done: bool) -> Content:
        """Return what is shown of a step: its answer once it is done."""
        _, done, end, on = WORDS[self.language]
        gap = "\n" if self.has_class("-above") else "\n\n"
        shown: list[Content | tuple[str, str] | str] = [_marked(step.do.of(self.language))]
        if step.look is not None:
            shown += [gap, _marked(step.look.of(self.language))]
        if is_done and step.answer is not None:
            shown += [gap, ("✓ ", "bold $success"), _marked(step.answer.of(self.language))]
        if is_done:
            going = end if step is self.progress.tour.steps[-1] else (done if step.done else on)
            shown += [gap, (going, "bold $accent")]
        return Content.assemble(*shown)

    def _rows_of_all(self, width: int) -> int:
        """Return how many rows the panel has for all steps of the tour, of which the text has `width` columns."""
        texts = [self._content(step, True).plain.split("\n") for step in self.progress.tour.steps]
        needed = max(sum(len(word_points(line, max(width, 1))) for line in text) for text in texts)
        fewest, most = ROWS
        return min(max(needed + 2, fewest), most)  # with the frame


def _marked(text: str) -> Content:
    """Return a text with what stands between backticks, which is pressed or typed, in bold."""
    parts = re.split(r"`([^`]+)`", "\n".join(clean_lines(text.strip())))
    return Content.assemble(*((part, "bold $primary") if index % 2 else part for index, part in enumerate(parts)))
