"""The forms in which a path can be copied: choose one by its number, see all of it before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static

from models.messages import Forms, PathForm
from tui.clipboard import copy
from tui.screens.numbered import NumberedPanel
from tui.screens.panel import TextPane, keys_line
from tui.text import clean, fit, fit_middle

FORM_LIMIT = 10
"""In sight at once."""


class CopyForms(NumberedPanel[None]):
    """The panel that copies the form of a path that is chosen in it."""

    DEFAULT_CSS = """
    CopyForms > #panel {
        & > OptionList { max-height: 10; }
        & > #rule { color: $text-muted; height: 1; margin: 1 0 0 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("shift+down,ctrl+d", "page(1)", "Preview down", show=False),
        Binding("shift+up,ctrl+u", "page(-1)", "Preview up", show=False),
    ]

    def __init__(
        self, forms: Forms, tables: Mapping[str, Callable[[], object]] | None = None, *, title: str = ""
    ) -> None:
        """Show `forms`; `tables` are those that are made when they are chosen, by label.

        Args:
            title: stands above them; empty says that the path of `forms` is copied.
        """
        super().__init__()
        self._title = title
        self._tables = tables or {}
        self.path = forms.path
        self.forms = forms.forms

    def compose(self) -> ComposeResult:
        with Vertical(id="panel") as panel:
            name = clean(self.path)
            copied = f"Copy {fit_middle(name, min(cell_len(name), 60))}".rstrip()
            panel.border_title = Content(self._title or copied)
            does = "chooses" if self._title else "copies"
            keys = (("1-9 Enter", does), ("Shift+↑↓", "scroll the text"), ("Esc", "closes"))
            panel.border_subtitle = keys_line(*keys)
            labels = max((len(clean(form.label, 40)) for form in self.forms), default=0)
            yield self.options(_line(form, labels, bool(self._title)) for form in self.forms)
            yield Static("", id="rule", markup=False)
            yield TextPane(id="preview")

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        form = self.forms[event.option_index]
        size = f"{len(form.text):,} characters" + (", cut: the whole text is longer" if form.cut else "")
        if form.label in self._tables:
            size = "what it is" if self._title else "its first rows"
        self.query_one("#rule", Static).update(Content(f"{clean(form.label, 40)} · {size}"))
        self.query_one("#preview", TextPane).show(form.text)

    def chosen(self, index: int) -> None:
        self._copy(self.forms[index])

    def rows_beside(self, width: int) -> int:
        return 4 + min(len(self.forms), FORM_LIMIT)

    def _copy(self, form: PathForm) -> None:
        if form.label in self._tables:
            self.dismiss()
            self._tables[form.label]()
            return
        # Of the app: the work goes on when this screen is closed.
        self.app.run_worker(copy(self.app, form.text), group="copy", exit_on_error=False)
        self.dismiss()

    def action_page(self, by: int) -> None:
        """Scroll the preview by a page, down where `by` is positive."""
        preview = self.query_one("#preview", TextPane)
        if by > 0:
            preview.scroll_page_down(animate=False)
        else:
            preview.scroll_page_up(animate=False)


def _line(form: PathForm, labels: int, is_about: bool) -> Content:
    """Return the row of a form: its text as far as there is room, or, where that is about it, the first line."""
    first, _, more = form.text.partition("\n")
    text = clean(first, 120) + (" …" if more and not is_about else "")
    line = Content.assemble(fit(clean(form.label, 40), labels), "  ", (text, "dim"))
    return line.truncate(197, ellipsis=True)
