"""Statements, forward, backward and undo: what changes the model or takes long, in the engine's main thread."""

from __future__ import annotations

from .base import Body, BodyPart, Problem
from .limits import Count, Names, Page, Parts, Seconds, Signed, Text
from .run_mode import RunMode


class Execute(Body):
    """Run one statement or block in the console; answered by `Executed`."""

    text: Text
    about: Names = []
    """Paths of tensors that it is known to change: a copy of these is kept however large the network is."""


class Executed(Body):
    """The outcome of an `Execute`."""

    value: Text | None = None
    """The bounded `repr` of an expression's value; None when there is none."""
    problem: Problem | None = None
    """What it raised, with the traceback cut to the user's own frames; None when nothing."""
    changed: Names = []
    """Paths whose values it changed, every name of a shared tensor included, at most 1,000."""
    effects: Text = ""
    """What it changed beside values and gradients, in words: `training of 0 and requires_grad of 1.weight`."""
    lasting: Text = ""
    """What of it cannot be undone, and why; empty where all can."""
    seconds: Seconds = 0.0
    run: Count | None = None
    """Number of the run that recorded its calls; None when it did not call the network."""


class Forward(Body):
    """Run the network on the input `X`; answered by `Ran`."""

    dry: bool = False
    """Whether to run it without values: shapes and costs, nothing computed."""


class Backward(Body):
    """Run backward from the result of the last forward run, from its loss if it has one; answered by `Ran`.

    Its text says from what in the result, such as `from ['loss']: [] float32, grad_fn NllLossBackward0`."""


class ReadInputs(Body):
    """Read the arguments of the network's forward as the fields of a form; answered by `InputFields`."""


class InputField(BodyPart):
    """One argument of a forward."""

    name: Text
    required: bool = False
    """Whether the forward cannot be called without it."""
    default: Text = ""
    """What it is when it is not given, in Python; empty where that cannot be said."""
    text: Text = ""
    """The SPEC that the present value was made from; empty for another value or none."""
    present: Text = ""
    """What its value is now, such as `float32[2, 20]`; empty where it has none."""
    several: bool = False
    """Whether it takes any number of `NAME=SPEC`, with spaces between them."""


class InputFields(Body):
    """The inputs of the next forward."""

    fields: Parts[InputField]
    origin: Text = ""
    """Where they come from, in a few words; empty when there are none."""
    mode: RunMode = RunMode()
    """What is switched for the time of the forward."""


class SetInputs(Body):
    """Set the inputs of the next forward, in the engine's main thread; answered by `InputsSet`."""

    texts: Names
    """Of each field a SPEC, or `=` and an expression in the console's names; as it was, or empty, keeps the value."""
    mode: RunMode | None = None
    """What is to be switched for the time of the forward; None keeps what is set."""


class InputsSet(Body):
    """The inputs are set; or, where there are errors, nothing changed."""

    text: Text = ""
    """The inputs in one line."""
    errors: Names = []
    """Of each field, empty where it has none; none at all when the inputs are set."""
    specs: Names = []
    """The inputs as `--input` takes them; empty where another than a SPEC made one of them."""
    mode: RunMode = RunMode()
    """What is switched for the time of the forward from now on."""


class ZeroGradients(Body):
    """Set every gradient to None; answered by `Done`."""


class Undo(Body):
    """Undo the last change of the network; answered by `Done`, whose text says what was undone."""

    again: bool = False
    """Whether to do again what was undone last instead."""


class Ran(Body):
    """The outcome of a `Forward` or `Backward`."""

    run: Count | None
    """Number of the run that recorded the calls; None where none did."""
    text: Text = ""
    """One or two lines on the result: `[2, 1] float32, grad_fn AddmmBackward0`, or what backward reached."""
    problem: Problem | None = None
    """What it raised; None when nothing."""
    changed: Names = []
    """Paths whose values it changed, as in `Executed`; so are `effects` and `lasting`."""
    effects: Text = ""
    lasting: Text = ""
    seconds: Seconds = 0.0


class Complete(Body):
    """Complete the console text before `cursor`; answered by `Completions`."""

    text: Text
    cursor: Signed
    """Index of a character in `text`."""


class CompletionItem(BodyPart):
    """One completion."""

    text: Text
    """The whole name or key."""
    kind: Text
    """`module`, `parameter`, `function`, `class`, `keyword`, …, or empty."""


class Completions(Body):
    """The completions of a console text."""

    start: Count
    """Index in the text at which the completed name starts."""
    items: Page[CompletionItem]
    """At most 50."""


class Interrupt(Body):
    """Raise KeyboardInterrupt in what the main thread runs; answered by `Done` at once."""
