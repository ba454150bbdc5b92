"""Weights of a checkpoint beside the open network: rules taken and left, what fits with them, and loading it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from rich.cells import cell_len
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from models import messages as m
from models.messages.errors import EngineGone, EngineProblem
from tui.actions import bindings
from tui.asking import Ask
from tui.screens.beside_tour import BesideTour
from tui.screens.closing import ClosesItself
from tui.text import clean, fit_middle
from tui.widgets.lists.lines import Lines
from tui.widgets.parts.key_line import KeyLine
from tui.widgets.parts.line_input import LineInput
from tui.widgets.table.fit_lists import MisfitList, RuleList, RuleRow, whole_text

PATIENCE = 0.3
"""Seconds after which it is said that something is being waited for."""
NAME = 200
"""Characters of a name in a line."""
SHOWN_NAME = 40
"""Cells of the checkpoint's name, whose end says most."""
GRAMMAR = "OLD=NEW: 'model.=' takes a prefix away, '*.gamma=*.weight', 'layers.{n}.=blocks.{n-1}.'; empty takes it away"
COMBINES = "it combines tensors or swaps dimensions, which OLD=NEW cannot say: Space takes or leaves it"
AGREE = "All names agree: no rule is needed."
NO_RULE = "No rule would bring more names together."


@dataclass
class FitState:
    """What a user has chosen for a checkpoint; kept when the screen is left and entered again."""

    checkpoint: str
    trust: bool = False
    own: list[tuple[str, bool]] = field(default_factory=list)
    """Rules of the user's own, each with whether it is taken."""
    taken: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)

    @property
    def choice(self) -> m.FitChoice:
        """Return it as a request has it."""
        own = [text for text, taken in self.own if taken]
        return m.FitChoice(own=own, taken=sorted(self.taken), left=sorted(self.left))


@dataclass(frozen=True)
class WeightsLeft:
    """How the screen was left."""

    loaded: m.WeightsLoaded | None = None
    path: str | None = None
    """A tensor of the network that is to be shown."""
    another: bool = False
    """Whether another checkpoint is to be chosen."""


class WeightsScreen(BesideTour[WeightsLeft], ClosesItself[WeightsLeft], Screen[WeightsLeft]):
    """The screen of one checkpoint.

    Args:
        ask: sends requests to the engine.
        network: what is open, in a few words.
        state: what was chosen so far; what is chosen here is noted there.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("fit"), Binding("q", "close_weights", "back", show=False)]
    DEFAULT_CSS = """
    WeightsScreen {
        background: $surface;
        & > #title { height: 1; background: $panel; text-style: bold; color: $accent; padding: 0 1; }
        & > #heading { height: auto; padding: 0 1; }
        & > #notes { height: auto; max-height: 6; padding: 0 1; color: $text-warning; display: none; }
        & > #notes.-any { display: block; }
        & > RuleList { height: 3; margin: 1 0 0 0; }
        & > MisfitList { height: 1fr; margin: 1 0 0 0; border-top: solid $panel-lighten-2; }
        & > #whole { height: auto; max-height: 3; min-height: 1; padding: 0 1; color: $text-muted; background: $panel; }
        & > #edit { height: 1; background: $primary-muted; display: none; }
        & > #edit.-open { display: block; }
        & #edit-label { width: auto; padding: 0 1; text-style: bold; }
        & #edit-line { width: 1fr; height: 1; border: none; background: transparent; padding: 0 1 0 0; }
        &.-low > RuleList, &.-low > MisfitList { margin: 0; }
    }
    """

    def __init__(self, ask: Ask, network: str, state: FitState) -> None:
        super().__init__()
        self._ask, self._network, self.state = ask, network, state
        self.fitted: m.Fitted | None = None
        self._busy = ""
        """What the engine works at for this screen: `opening`, `loading`, or nothing."""
        self._edited: RuleRow | None = None
        """The rule in the line; None for a new one."""

    def compose(self) -> ComposeResult:
        yield Static(f"Weights for {clean(self._network, NAME)}", id="title", markup=False)
        yield Static(f"{clean(self.state.checkpoint, NAME)}: opening …", id="heading", markup=False)
        yield Static("", id="notes", markup=False)
        yield RuleList()
        yield MisfitList()
        yield Static("", id="whole", markup=False)
        with Horizontal(id="edit"):
            yield Static("rule", id="edit-label", markup=False)
            yield LineInput(id="edit-line", placeholder=GRAMMAR, select_on_focus=False, compact=True)
        yield KeyLine()

    @property
    def rules(self) -> RuleList:
        """Return the list of rules."""
        return self.query_one(RuleList)

    @property
    def lists(self) -> MisfitList:
        """Return the lists of what fits and what does not."""
        return self.query_one(MisfitList)

    @property
    def line(self) -> LineInput:
        """Return the line in which a rule is edited."""
        return self.query_one("#edit-line", LineInput)

    def on_mount(self) -> None:
        self.rules.focus()
        self._open()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(self.room.height < 30, "-low")
        self._lay_out()

    def _lay_out(self) -> None:
        """Give the rules as much room as they need, half of what there is at most."""
        room = max(self.room.height - 10, 4)
        self.rules.styles.height = min(max(self.rules.count, 1) + 1, max(room // 2, 3))

    # -- asking
    @work(exclusive=True, group="fit", exit_on_error=False)
    async def _open(self) -> None:
        self._busy = "opening"
        state = self.state
        try:
            request = m.OpenWeights(checkpoint=state.checkpoint, trust=state.trust)
            fitted = await self._ask(request, m.Fitted, self._show_progress)
            if state.own or state.taken or state.left:
                fitted = await self._ask(m.FitWeights(choice=state.choice), m.Fitted)
        except EngineProblem as error:
            self._show_heading(f"{clean(state.checkpoint, NAME)}: {clean(error.problem.title, 2 * NAME)}")
            self.rules.empty = clean(error.problem.text, 500) or "o opens another checkpoint, Esc goes back."
            return
        except EngineGone:
            self.dismiss(None)
            return
        finally:
            self._busy = ""
        self._show(fitted)

    @work(exclusive=True, group="fit", exit_on_error=False)
    async def _fit(self, give_back: Callable[[], None] | None = None) -> None:
        """Show what fits with what is chosen now; where that cannot be, undo it with `give_back`, and say why."""
        patience = self.set_timer(PATIENCE, self._show_comparing)
        try:
            fitted = await self._ask(m.FitWeights(choice=self.state.choice), m.Fitted)
        except EngineProblem as error:
            if error.problem.kind == "gone":  # the network was opened again meanwhile
                self._open()
                return
            if give_back is not None:
                give_back()
            self._show_rules()
            self._show_heading(heading_text(self.fitted) if self.fitted is not None else "")
            self._say(clean(error.problem.title, 2 * NAME))
        except EngineGone:
            self.dismiss(None)
        else:
            self._close_line()
            self._show(fitted)
        finally:
            patience.stop()

    def _show_comparing(self) -> None:
        self._show_heading(f"{clean(self.state.checkpoint, NAME)}: comparing names …")

    def _show_progress(self, progress: m.Progress) -> None:
        self._show_heading(f"{clean(self.state.checkpoint, NAME)}: {clean(progress.text, NAME)}")

    # -- showing
    def _show_heading(self, text: str) -> None:
        self.query_one("#heading", Static).update(Content(text))

    def _say(self, text: str) -> None:
        self.query_one("#whole", Static).update(Content(f"✗ {text}"))

    def _show(self, fitted: m.Fitted) -> None:
        self.fitted = fitted
        self._show_heading(heading_text(fitted))
        notes = self.query_one("#notes", Static)
        text = " ".join(clean(note, 500) for note in ([fitted.refusal] if fitted.refusal else []) + fitted.notes)
        notes.update(Content(text))
        notes.set_class(bool(text), "-any")
        agree = fitted.agreeing and fitted.agreeing >= fitted.tensors
        self.rules.empty = AGREE if agree else NO_RULE
        self._show_rules()
        self.lists.show(fitted)
        self._describe()

    def _show_rules(self) -> None:
        """Show the rules with what is chosen of them, whether the engine knows it yet or not."""
        if self.fitted is None:
            return
        state = self.state
        counts = {each.text: each.keys for each in self.fitted.own}
        own = [RuleRow.of_own(text, counts.get(text), taken) for text, taken in state.own]
        proposed = [RuleRow.of(rule, self._holds(rule)) for rule in self.fitted.rules]
        self.rules.show([*own, *proposed])
        self._lay_out()

    def _holds(self, rule: m.FitRule) -> bool:
        if rule.key in self.state.taken:
            return True
        return rule.taken and rule.key not in self.state.left

    @on(Lines.Moved)
    @on(events.DescendantFocus)
    def _describe(self) -> None:
        row = self.lists.row if self.lists.has_focus else self.rules.row
        self.query_one("#whole", Static).update(Content(whole_text(row)))

    # -- choosing
    @on(RuleList.Take)
    def _take(self) -> None:
        """Take or leave the rule under the cursor."""
        row, state = self.rules.row, self.state
        if row is None or self._busy:
            return
        if row.is_own:
            at = self.rules.cursor
            before = state.own[at]
            state.own[at] = (before[0], not before[1])

            def give_back() -> None:
                state.own[at] = before
        else:
            sets = set(state.taken), set(state.left)
            (state.taken.discard if row.taken else state.left.discard)(row.key)
            (state.left.add if row.taken else state.taken.add)(row.key)

            def give_back() -> None:
                state.taken, state.left = sets

        self._show_rules()
        self._fit(give_back)

    @on(RuleList.Edit)
    def _edit(self) -> None:
        """Put the rule under the cursor into the line, to be changed."""
        row = self.rules.row
        if row is None or self._busy:
            return
        if not row.rename:
            self._say(COMBINES)
            return
        self._edited = row
        self._open_line(row.rename)

    def action_add_rule(self) -> None:
        """Go to the line for a rule of one's own."""
        if self.fitted is not None and not self._busy:
            self._edited = None
            self._open_line("")

    def _open_line(self, text: str) -> None:
        self.query_one("#edit").add_class("-open")
        self.line.value = clean(text)
        self.line.cursor_position = len(self.line.value)
        self.line.focus()
        self.query_one("#whole", Static).update(Content(GRAMMAR))

    def _close_line(self) -> None:
        edit = self.query_one("#edit")
        if edit.has_class("-open"):
            self.rules.focus()
            edit.remove_class("-open")
            self._edited = None

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        text, state, edited = message.value.strip(), self.state, self._edited
        before = list(state.own)
        texts = [each for each, _ in state.own]
        if edited is not None and edited.is_own and edited.rename in texts:
            at = texts.index(edited.rename)
            state.own[at : at + 1] = [(text, True)] if text else []
        elif text and text not in texts:
            state.own.append((text, True))
        if state.own == before or (edited is not None and text == edited.rename):
            state.own = before
            self._close_line()
            self._describe()
            return

        def give_back() -> None:
            state.own = before

        self._fit(give_back)

    # -- what is done with it
    def action_load(self, strict: bool) -> None:
        """Load what fits; with `strict` only where everything does."""
        if self.fitted is None or self._busy:
            return
        self._load(strict)

    @work(group="load", exit_on_error=False)
    async def _load(self, strict: bool) -> None:
        self._busy = "loading"
        try:
            request = m.LoadWeights(choice=self.state.choice, strict=strict)
            loaded = await self._ask(request, m.WeightsLoaded, self._show_progress)
        except EngineProblem as error:
            problem = error.problem
            if problem.kind == "gone":
                self._open()
                return
            self._show_heading(heading_text(self.fitted) if self.fitted is not None else "")
            self._say(clean(f"{problem.title}. {problem.text}".strip(), 3 * NAME))
        except EngineGone:
            self.dismiss(None)
        else:
            self.dismiss(WeightsLeft(loaded=loaded))
        finally:
            self._busy = ""

    @work(exclusive=True, group="copy", exit_on_error=False)
    async def action_copy_code(self) -> None:
        """Copy the Python that loads it."""
        from tui.clipboard import copy

        if self.fitted is None:
            return
        try:
            made = await self._ask(m.WeightsCode(choice=self.state.choice), m.Exported)
        except (EngineProblem, EngineGone) as error:
            self._say(clean(error.problem.title if isinstance(error, EngineProblem) else error.title, 2 * NAME))
            return
        await copy(self.app, made.text, note="Python that loads it into `model`, with the rules that are taken")

    @on(Lines.Chosen)
    def _chosen(self, message: Lines.Chosen) -> None:
        message.stop()
        row = self.lists.row
        if message.lines is self.lists and isinstance(row, m.FitEntry):
            if row.path:
                self.dismiss(WeightsLeft(path=row.path))
            else:
                self._say("the network has no such tensor")

    def action_another(self) -> None:
        """Choose another checkpoint."""
        if not self._busy:
            self.dismiss(WeightsLeft(another=True))

    @work(group="interrupt", exit_on_error=False)
    async def action_close_weights(self) -> None:
        """Close the line; interrupt what is being opened or loaded; else go back."""
        if self.query_one("#edit").has_class("-open"):
            self._close_line()
            self._describe()
        elif self._busy:
            try:
                await self._ask(m.Interrupt(), m.Done)
            except (EngineProblem, EngineGone):
                self.dismiss(None)
        else:
            self.dismiss(None)


def heading_text(fitted: m.Fitted) -> str:
    """Return how much of a checkpoint fits, in two lines."""
    counts = {each.name: each.count for each in fitted.lists}
    name, total = clean(fitted.checkpoint), fitted.tensors
    name = fit_middle(name, min(cell_len(name), SHOWN_NAME))
    agreeing = f"{fitted.agreeing:,} of {total:,} names agree"
    loaded = f"{counts.get('matched', 0):,} fit with the rules taken"
    words = {"matched": "matched", "shape": "wrong shape", "missing": "missing", "unexpected": "unexpected"}
    line = " | ".join(f"{word} {counts.get(each, 0):,}" for each, word in words.items())  # type: ignore[call-overload]
    whole = ": everything fits" if fitted.fits else ""
    return f"{name}: {agreeing}, {loaded}{whole}\n{line}"
