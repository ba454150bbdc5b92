"""The forms in which a path can be copied: choose one by its number, see all of it before."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from models.messages import Forms, PathForm
from tui.clipboard import copy
from tui.screens.panel import Panel, TextPane, keys_line
from tui.text import clean, fit, fit_middle
from tui.widgets.options import Options

MOST_FORMS = 10
"""In sight at once."""


class CopyForms(Panel[None]):
    """Copies the form that is chosen."""

    DEFAULT_CSS = """
    CopyForms > #panel {
        & > OptionList {
            height: auto;
            max-height: 10;
            border: none;
            padding: 0;
            background: $surface;
            scrollbar-size-vertical: 1;
            text-wrap: nowrap;
            text-overflow: ellipsis;
        }
        &:nocolor OptionList > .option-list--option-highlighted { text-style: bold underline; }
        & > #rule { color: $text-muted; height: 1; margin: 1 0 0 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "highlight(1)", "Down", show=False),
        Binding("k", "highlight(-1)", "Up", show=False),
        Binding("shift+down,ctrl+d", "page(1)", "Preview down", show=False),
        Binding("shift+up,ctrl+u", "page(-1)", "Preview up", show=False),
    ]

    def __init__(self, forms: Forms) -> None:
        super().__init__()
        self.path = forms.path
        self.forms = forms.forms

    def compose(self) -> ComposeResult:
        with Vertical(id="panel") as panel:
            name = clean(self.path)
            panel.border_title = Content(f"Copy {fit_middle(name, min(cell_len(name), 60))}".rstrip())
            keys = (("1-9 Enter", "copies"), ("Shift+↑↓", "scroll the text"), ("Esc", "closes"))
            panel.border_subtitle = keys_line(*keys)
            labels = max((len(clean(form.label, 40)) for form in self.forms), default=0)
            yield Options(*(Option(_line(number, form, labels)) for number, form in enumerate(self.forms, 1)))
            yield Static("", id="rule", markup=False)
            yield TextPane(id="preview")

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        options.focus()
        if self.forms:
            options.highlighted = 0

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        form = self.forms[event.option_index]
        size = f"{len(form.text):,} characters" + (", cut: the whole text is longer" if form.cut else "")
        self.query_one("#rule", Static).update(Content(f"{clean(form.label, 40)} · {size}"))
        self.query_one("#preview", TextPane).show(form.text)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._copy(self.forms[event.option_index])

    def on_key(self, event: events.Key) -> None:
        if event.key in "123456789" and int(event.key) <= len(self.forms):
            event.stop()
            self._copy(self.forms[int(event.key) - 1])

    def rows_beside(self, width: int) -> int:
        return 4 + min(len(self.forms), MOST_FORMS)

    def _copy(self, form: PathForm) -> None:
        # Of the app: the work goes on when this screen is closed.
        self.app.run_worker(copy(self.app, form.text), group="copy", exit_on_error=False)
        self.dismiss()

    def action_highlight(self, by: int) -> None:
        """Move in the list."""
        options = self.query_one(OptionList)
        if by > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def action_page(self, by: int) -> None:
        """Scroll the preview."""
        preview = self.query_one("#preview", TextPane)
        if by > 0:
            preview.scroll_page_down(animate=False)
        else:
            preview.scroll_page_up(animate=False)


def _line(number: int, form: PathForm, labels: int) -> Content:
    key = str(number) if number <= 9 else " "
    first, _, more = form.text.partition("\n")
    text = clean(first, 120) + (" …" if more else "")
    return Content.assemble((key, "bold"), "  ", fit(clean(form.label, 40), labels), "  ", (text, "dim")).truncate(
        200, ellipsis=True
    )
