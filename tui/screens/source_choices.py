"""What was named holds several checkpoints: choose the one to open, by its number or with Enter."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from models.messages import Problem
from tui.screens.numbered import NumberedPanel
from tui.screens.panel import keys_line
from tui.text import clean, fit, fit_middle

NAME_WIDTH = 56
"""Cells of a source, at most: its end says most."""


class SourceChoices(NumberedPanel[str]):
    """The panel that ends with the source that was chosen, or None."""

    DEFAULT_CSS = """
    SourceChoices > #panel > #title { width: 1fr; height: auto; margin: 0 0 1 0; }
    """
    keeps_tour = False  # tours are chosen here, too: their list needs the room

    def __init__(self, problem: Problem, heading: str = "Open one of them") -> None:
        """Show the choices of a problem below its title, `heading` on the frame."""
        super().__init__()
        self._heading = heading
        self.choices = problem.choices
        self._title = clean(problem.title, 300)

    def compose(self) -> ComposeResult:
        with Vertical(id="panel") as panel:
            panel.border_title = self._heading
            panel.border_subtitle = keys_line(("1-9 Enter", "opens"), ("jk ↑↓", "move"), ("Esc", "closes"))
            yield Static(self._title, id="title", markup=False)
            names = [fit_middle(name, min(cell_len(name), NAME_WIDTH)) for name in self._names()]
            width = max(map(cell_len, names), default=0)
            rows = zip(names, self.choices, strict=True)
            yield self.options(
                Content.assemble(fit(name, width), "  ", (clean(each.about, 60), "dim")) for name, each in rows
            )

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        width = min(self.room.width * 9 // 10, 100) - 4
        rows = self.room.height * 9 // 10 - 4 - cell_len(self._title) // max(1, width)
        self.option_list.styles.max_height = max(1, rows)

    def chosen(self, index: int) -> None:
        self.dismiss(self.choices[index].source)

    def _names(self) -> list[str]:
        """Return the sources without the folders that all of them lie in."""
        sources = [clean(each.source) for each in self.choices]
        folders = [source.rpartition("/")[0] for source in sources]
        common = folders[0] if folders else ""
        while common and not all(f"{folder}/".startswith(f"{common}/") for folder in folders):
            common = common.rpartition("/")[0]
        return [source[len(common) + 1 :] if common else source for source in sources]
