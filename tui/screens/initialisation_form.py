"""The form of the initialisation lab: a line each for what, the rule, its arguments, biases and the seed."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from models import messages as m
from tui.text import clean
from tui.widgets.parts.choice import ChoiceField
from tui.widgets.parts.line_input import LineInput

ARGUMENTS = 4
"""The most arguments of a rule."""
FIRST_RULE = "xavier_uniform_"
BIASES: tuple[tuple[m.Biases, str], ...] = (
    ("leave", "stay as they are"),
    ("zeros", "zeros"),
    ("rule", "by the rule too"),
)


FANS: tuple[tuple[m.Fans, str], ...] = (("torch", "as torch counts: columns in"), ("layer", "as the layer's: rows in"))


class InitialisationForm(Vertical):
    """The lines, and below them what the one with the focus is about; `chosen` is what they say.

    Args:
        offers: what can be chosen; at least one rule and one scope.
    """

    DEFAULT_CSS = """
    InitialisationForm {
        height: auto;
        & > .row { height: 1; }
        & > .row > Static { width: 14; color: $text-muted; }
        & > .row > ChoiceField, & > .row > LineInput { width: 1fr; max-width: 60; }
        & > .row > LineInput { display: none; height: 1; border: none; padding: 0 1; background: $boost; }
        & > .row.-typed > LineInput { display: block; }
        & > .row.-typed > ChoiceField { display: none; }
        & > .row.-absent { display: none; }
        & LineInput:focus { background: $primary-muted; }
        &:nocolor LineInput:focus { text-style: bold underline; }
        & > #about { height: auto; max-height: 3; color: $text-muted; }
    }
    """

    class Changed(Message):
        """Posted when the form says something else; `anew` where parameters or rule are others."""

        def __init__(self, anew: bool) -> None:
            super().__init__()
            self.anew = anew

    def __init__(self, offers: m.Initialisers) -> None:
        super().__init__()
        self.offers = offers
        self._turned = 0
        """Weights that are filled and stored [in, out]."""

    def compose(self) -> ComposeResult:
        rules = [each.name for each in self.offers.rules]
        yield self._row("what", ChoiceField([each.label for each in self.offers.scopes], id="scope"))
        with Horizontal(id="text", classes="row -absent"):
            yield Static("pattern", markup=False)
            yield LineInput("", compact=True)
        chosen = ChoiceField([each.label for each in self.offers.rules], id="rule")
        chosen.set_reactive(ChoiceField.index, rules.index(FIRST_RULE) if FIRST_RULE in rules else 0)
        yield self._row("rule", chosen)
        for at in range(ARGUMENTS):
            with Horizontal(id=f"argument-{at}", classes="row -absent"):
                yield Static("", markup=False)
                yield ChoiceField()
                yield LineInput("", compact=True)
        yield self._row("fans", ChoiceField([label for _, label in FANS], id="fans"), id="fans-row")
        yield self._row("biases", ChoiceField([label for _, label in BIASES], id="biases"), id="biases-row")
        with Horizontal(id="seed", classes="row -typed"):
            yield Static("seed", markup=False)
            yield LineInput("0", compact=True, restrict=r"\d{0,18}")
        yield Static("", id="about", markup=False)

    @staticmethod
    def _row(label: str, choice: ChoiceField, id: str | None = None) -> Horizontal:
        return Horizontal(Static(label, markup=False), choice, id=id, classes="row")

    def on_mount(self) -> None:
        self._offer_scope()
        self._offer_arguments()
        self.offer_fans(0)
        self.rule_line.focus()

    @property
    def rule_line(self) -> ChoiceField:
        """Return the line of the rule."""
        return self.query_one("#rule", ChoiceField)

    @property
    def _rule(self) -> m.RuleOffer:
        return self.offers.rules[self.query_one("#rule", ChoiceField).index]

    @property
    def _scope(self) -> m.ScopeOffer:
        return self.offers.scopes[self.query_one("#scope", ChoiceField).index]

    def _argument(self, at: int) -> str:
        row = self.query_one(f"#argument-{at}")
        if row.has_class("-typed"):
            return row.query_one(LineInput).value
        choice = row.query_one(ChoiceField)
        return choice.options[choice.index]

    def chosen(self) -> m.Initialisation:
        """Return what the form says."""
        scope, rule = self._scope, self._rule
        pattern = self.query_one("#text").query_one(LineInput).value
        return m.Initialisation(
            scope=scope.kind,
            path=scope.path,
            text=pattern if scope.kind == "pattern" else scope.text,
            rule=rule.name,
            arguments=[self._argument(at) for at in range(len(rule.arguments[:ARGUMENTS]))],
            fans=FANS[self.query_one("#fans", ChoiceField).index][0] if self._turned else "torch",
            biases=BIASES[self.query_one("#biases", ChoiceField).index][0] if rule.biases else "leave",
            seed=int(self.query_one("#seed").query_one(LineInput).value or 0),
        )

    def offer_fans(self, turned: int) -> None:
        """Have a line for whose fans count where the rule is about them and `turned` weights are stored [in, out]."""
        self._turned = turned
        self.query_one("#fans-row").set_class(not turned, "-absent")

    def _offer_scope(self) -> None:
        """Have a line for the pattern where there is one, and one for biases where they are left open."""
        scope, text = self._scope, self.query_one("#text")
        text.set_class(scope.kind != "pattern", "-absent")
        text.set_class(scope.kind == "pattern", "-typed")
        if scope.kind == "pattern":
            text.query_one(LineInput).value = clean(scope.text, 200)
        self._offer_biases()

    def _offer_biases(self) -> None:
        self.query_one("#biases-row").set_class(self._scope.single or not self._rule.biases, "-absent")

    def _offer_arguments(self) -> None:
        """Have a line for each argument of the rule."""
        rule = self._rule
        for at in range(ARGUMENTS):
            row = self.query_one(f"#argument-{at}")
            row.set_class(at >= len(rule.arguments), "-absent")
            if at >= len(rule.arguments):
                continue
            argument = rule.arguments[at]
            row.set_class(not argument.choices, "-typed")
            row.query_one(Static).update(Content(clean(argument.name, 20)))
            if argument.choices:
                index = argument.choices.index(argument.default) if argument.default in argument.choices else 0
                row.query_one(ChoiceField).offer(argument.choices, index)
            else:
                row.query_one(LineInput).value = clean(argument.default, 200)
        self._offer_biases()

    @on(ChoiceField.Changed)
    def _choice_changed(self, message: ChoiceField.Changed) -> None:
        message.stop()
        if message.choice.id == "scope":
            self._offer_scope()  # what was typed for the rule stays
        elif message.choice.id == "rule":
            self._offer_arguments()
        self._explain()
        self.post_message(self.Changed(message.choice.id in ("scope", "rule")))

    @on(Input.Changed)
    def _typed(self, message: Input.Changed) -> None:
        message.stop()
        self.post_message(self.Changed(False))

    def on_descendant_focus(self) -> None:
        self._explain()

    def _explain(self) -> None:
        """Say what the line with the focus is about."""
        focused, text = self.screen.focused, self._rule.about
        row = focused.parent if focused is not None else None
        if row is not None and row.id is not None and row.id.startswith("argument-"):
            at = int(row.id.removeprefix("argument-"))
            text = self._rule.arguments[at].about if at < len(self._rule.arguments) else text
        elif focused is not None and focused.id == "biases":
            text = "Biases of the layers that are meant; their number is small, and zero is usual."
        elif focused is not None and focused.id == "fans":
            text = f"{self._turned:,} of the weights are stored [in, out], as in Conv1D of transformers; "
            text += "torch.nn.init takes the columns of every matrix for inputs."
        elif focused is not None and focused.id == "scope":
            text = "A parameter, a module with all below it, all modules of a class, or a pattern: layers.*.weight."
        elif row is not None and row.id == "seed":
            text = "The same seed gives the same values; random numbers of the session go on as if none was drawn."
        self.query_one("#about", Static).update(Content(clean(text, 400)))
