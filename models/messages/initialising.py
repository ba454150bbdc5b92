"""The initialisation lab: rules for parameters, previews of what they give, and carrying them out."""

from __future__ import annotations

from typing import Literal

from .base import Body, BodyPart
from .limits import Count, Edges, Names, Number, Parts, Text

ScopeKind = Literal["this", "class", "pattern"]
"""`this`: a parameter, or a module with all below it.  `class`: the modules of a class.  `pattern`: of paths."""
Biases = Literal["leave", "zeros", "rule"]
"""What happens to biases: they stay, become 0, or are filled by the rule as weights are."""


Fans = Literal["torch", "layer"]
"""Of weights stored [in, out] `torch` takes the columns for inputs, as `torch.nn.init` does, and `layer` the rows."""


class Initialisation(BodyPart):
    """What is to be initialised, and how."""

    scope: ScopeKind = "this"
    path: Text = ""
    """Of the scope `this`."""
    text: Text = ""
    """The class, or the pattern."""
    rule: Text = ""
    """A name of `torch.nn.init`, `default` or `own`; empty leaves everything as it is."""
    arguments: Names = []
    """What was typed, in the order of the rule's arguments; empty for a default.  Of `own`: the function."""
    biases: Biases = "leave"
    fans: Fans = "torch"
    seed: Count = 0


class ReadInitialisers(Body):
    """Read what can be chosen for the object at `path`; answered by `Initialisers`."""

    path: Text


class RuleArgument(BodyPart):
    """An argument of a rule."""

    name: Text
    default: Text
    about: Text
    """What it means, in a sentence."""
    choices: Names = []
    """What it may be; empty for a number or a text of the user's."""


class RuleOffer(BodyPart):
    """A rule that can be chosen."""

    name: Text
    """As in `Initialisation.rule`."""
    label: Text
    about: Text
    arguments: Parts[RuleArgument] = []
    biases: bool = True
    """Whether the rule leaves open what happens to biases."""


class ScopeOffer(BodyPart):
    """A scope that can be chosen."""

    kind: ScopeKind
    path: Text = ""
    text: Text = ""
    label: Text = ""
    single: bool = False
    """Whether it is one parameter, which is filled whatever it is."""


class Initialisers(Body):
    """What can be chosen in the lab."""

    rules: Parts[RuleOffer]
    scopes: Parts[ScopeOffer]


class PreviewInitialiser(Body):
    """Read what an initialisation would give; answered by `InitialPreview`.  Nothing is changed, nor any random state.

    Fails with kind `usage` where the network cannot be copied, and with what a rule of the user's raises.
    """

    how: Initialisation
    place: Count = 0
    """Of the parameter that is shown, among those that are filled."""


class Spread(BodyPart):
    """The range, mean and standard deviation of values, or of a distribution; None where there are none."""

    low: Number | None = None
    high: Number | None = None
    mean: Number | None = None
    std: Number | None = None


class InitialPreview(Body):
    """What an initialisation would give."""

    errors: Names = []
    """Of each argument what is wrong with it; all empty where nothing is.  One more is of the scope."""
    summary: Text = ""
    """What is filled and what is left, in a few words."""
    left: Names = []
    """Of some that are left alone: path and why."""
    filled: Count = 0
    """Parameters that are filled; 0 leaves everything below empty."""
    place: Count = 0
    path: Text = ""
    """Of the parameter that is shown."""
    shape: Text = ""
    law: Text = ""
    """Its distribution with the layer's numbers filled in; empty where no formula is known."""
    spread: Text = ""
    """How the standard deviation comes about."""
    fans: Text = ""
    """fan_in and fan_out, where the rule is about them; of a weight that is stored [in, out] also whose they are."""
    turned: Count = 0
    """Weights among those that are filled that are stored [in, out], where the rule is about one of the fans."""
    today: Spread = Spread()
    fresh: Spread = Spread()
    theory: Spread = Spread()
    edges: Edges = []
    """Of the bins of all three histograms."""
    today_shares: Edges = []
    fresh_shares: Edges = []
    theory_shares: Edges = []
    """Of the elements in each bin, one number fewer than there are edges; empty where there is nothing to show."""
    code: Text = ""
    """The Python that does the same."""


class MeasureSignal(Body):
    """Run copies of the network forward and backward, one a scheme; answered by `Signals`.

    Fails with kind `usage` where the network cannot be copied.
    """

    schemes: Parts[Initialisation]


class SignalLayer(BodyPart):
    """A layer of the network, at one of its calls."""

    path: Text
    kind: Text
    """Its class."""


class Signal(BodyPart):
    """The signal in one scheme: two numbers for each layer, NaN where there are none."""

    label: Text
    activations: Edges = []
    """Standard deviations of what the layers returned."""
    gradients: Edges = []
    """Root mean squares of the gradients with respect to it."""
    problem: Text = ""
    """Why there is nothing, or no gradients; else empty."""


class Signals(Body):
    """The signal of several schemes, through the same layers."""

    layers: Parts[SignalLayer]
    signals: Parts[Signal]


class ApplyInitialiser(Body):
    """Carry out an initialisation on the network, undoably; answered by `Initialised`.

    Fails with kind `usage` where it cannot be, and with what a rule of the user's raises.
    """

    how: Initialisation


class Initialised(Body):
    """What was initialised."""

    text: Text
    """A sentence for the user."""
    changed: Names = []
    """Paths whose values changed, as in `Executed`; so are `effects` and `lasting`."""
    effects: Text = ""
    lasting: Text = ""
    code: Text = ""
    """The Python that does the same."""
