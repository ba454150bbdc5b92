"""The panel that asks with what a run is compared: a run that is kept, or one that is made for it; and keeps runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static

from models import messages as m
from models.messages.errors import EngineGone, EngineProblem
from tui.asking import Ask
from tui.screens.numbered import NumberedPanel
from tui.screens.panel import keys_line
from tui.text import clean, fit, fit_middle
from tui.widgets.parts.line_input import LineInput

NAME_WIDTH = 36
DETAIL_WIDTH = 90
WHOLE_DETAIL = 400
CHOICES = 14
"""Rows of the list, where there is room."""
BELOW = 7
"""Rows of the panel besides: the frame, what is known of a choice, and the line for a name."""
NOTHING = "Nothing else to compare with yet: f runs again, after an edit or in another mode."


@dataclass(frozen=True)
class RunChoice:
    """What was chosen: a run that is kept, one to be made, or neither to end the comparison."""

    item: m.RunItem | None = None
    offer: m.RunOffer | None = None
    is_before: bool = False
    """Whether it is the run right before the newest one."""


class RunChoices(NumberedPanel[RunChoice | None]):
    """The panel that ends with a choice; None for none.

    Args:
        ask: sends requests to the engine.
        found: what can be chosen.
        compares: whether something is compared now, which can be ended.
    """

    DEFAULT_CSS = """
    RunChoices > #panel {
        & > .about { height: auto; color: $text-muted; margin: 1 0 0 0; }
        & > #run-name { height: 1; border: none; padding: 0; margin: 1 0 0 0; background: $boost; display: none; }
        & > #run-name:focus { background: $primary-muted; }
        &:nocolor > #run-name:focus { text-style: bold underline; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "name", "Keep under a name", show=False),
        Binding("d,delete", "drop", "Keep no longer", show=False),
    ]

    def __init__(self, ask: Ask, found: m.RunList, compares: bool) -> None:
        super().__init__()
        self._ask = ask
        self._compares = compares
        self._found = found
        self._choices = list(self._all())

    def _all(self) -> Iterator[RunChoice]:
        if self._compares:
            yield RunChoice()
        newest = self._found.run
        before = max((each.run for each in self._found.runs if each.run < newest and not each.beside), default=0)
        for item in self._found.runs:
            if item.run != newest:
                yield RunChoice(item, is_before=item.run == before and not item.name)
        for offer in self._found.offers:
            yield RunChoice(offer=offer)

    def compose(self) -> ComposeResult:
        with Vertical(id="panel") as panel:
            panel.border_title = Content(f"Compare run {self._found.run} with …")
            panel.border_subtitle = keys_line(
                ("1-9 Enter", "compares"), ("n", "keeps a run"), ("d", "no longer"), ("Esc", "closes")
            )
            yield self.options(self._lines())
            yield Static("", id="run-about", classes="about", markup=False)
            yield Static("", id="run-why", classes="about", markup=False)
            yield LineInput(placeholder="a name; Enter keeps the run with its copies", id="run-name", compact=True)

    def on_mount(self) -> None:
        super().on_mount()
        if self._choices[:1] == [RunChoice()] and len(self._choices) > 1:
            self.option_list.highlighted = 1
        self._say_about(self.option_list.highlighted)
        self._say_why()

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self.option_list.styles.max_height = max(3, min(CHOICES, self.room.height * 9 // 10 - BELOW))

    def _say_why(self) -> None:
        text = clean(self._found.why_not, 200) or ("" if self._choices else NOTHING)
        why = self.query_one("#run-why", Static)
        why.update(text)
        why.display = bool(text)

    def _lines(self) -> list[Content]:
        names = [_name(choice) for choice in self._choices]
        width = min(max(map(cell_len, names), default=0), NAME_WIDTH)
        return [
            Content.assemble(
                fit(fit_middle(name, width), width), "  ", (clean(_detail(choice), DETAIL_WIDTH), "dim")
            ).truncate(97, ellipsis=True)
            for name, choice in zip(names, self._choices, strict=True)
        ]

    def chosen(self, index: int) -> None:
        self.dismiss(self._choices[index])

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._say_about(event.option_index)

    def _say_about(self, index: int | None) -> None:
        """Show all that is known of a choice, which its line may have no room for."""
        choice = None if index is None or index >= len(self._choices) else self._choices[index]
        detail = "" if choice is None else clean(_detail(choice), WHOLE_DETAIL)
        about = self.query_one("#run-about", Static)
        about.update(f"{_name(choice)}: {detail}" if choice is not None and detail else "")
        about.display = bool(detail)

    # -- keeping under a name
    @property
    def _pointed(self) -> m.RunItem | None:
        """Return the run that a name is for: that under the cursor; the newest one where there is none."""
        at = self.option_list.highlighted
        item = self._choices[at].item if at is not None else None
        return item or next((each for each in self._found.runs if each.run == self._found.run), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return whether a key acts: letters are typed while a name is."""
        return action not in ("name", "drop", "highlight", "edge") or not isinstance(self.focused, Input)

    def on_key(self, event: events.Key) -> None:
        if isinstance(self.focused, Input):
            event.prevent_default()  # a digit is part of the name

    def action_name(self) -> None:
        """Ask for a name to keep the run under the cursor, or the newest one."""
        if (item := self._pointed) is None:
            return
        line = self.query_one("#run-name", LineInput)
        line.placeholder = f"a name for run {item.run}; Enter keeps it with its copies"
        line.value = item.name
        line.display = True
        line.focus()

    @on(Input.Submitted)
    def _named(self, event: Input.Submitted) -> None:
        event.stop()
        if (item := self._pointed) is not None:
            self._keep(m.KeepRun(run=item.run, name=event.value.strip()))

    def action_drop(self) -> None:
        """Keep the run under the cursor no longer than others."""
        item = self._pointed
        if item is not None and item.name:
            self._keep(m.KeepRun(run=item.run, drop=True))

    @work(exclusive=True, group="keep run", exit_on_error=False)
    async def _keep(self, request: m.KeepRun) -> None:
        at = self.option_list.highlighted
        try:
            done = await self._ask(request, m.Done)
            self._found = await self._ask(m.ListRuns(), m.RunList)
        except EngineProblem as error:
            text = f"{clean(error.problem.title, 120)}. {clean(error.problem.text, 200)}"
            self.notify(text, severity="warning", markup=False)
            return
        except EngineGone:
            self.dismiss(None)
            return
        self.notify(clean(done.text, 160), timeout=3, markup=False)
        self._choices = list(self._all())
        options = self.option_list
        options.clear_options()
        options.add_options(self.numbered(self._lines()))
        options.highlighted = at
        self.query_one("#run-name").display = False
        self._say_why()
        options.focus()


def _name(choice: RunChoice) -> str:
    if choice.item is not None:
        name = f"run {choice.item.run}"
        return f"{name} {clean(choice.item.name, NAME_WIDTH)}" if choice.item.name else name
    return "end the comparison" if choice.offer is None else f"{clean(choice.offer.title, NAME_WIDTH)}"


def _detail(choice: RunChoice) -> str:
    if choice.offer is not None:
        return f"run now: {choice.offer.detail}" if choice.offer.detail else "run now"
    if choice.item is None:
        return ""
    parts = [
        "the run before" if choice.is_before else "",
        "with its random numbers, run again" if choice.item.reseeds else "",
        choice.item.detail,
    ]
    return "; ".join(filter(None, parts))
