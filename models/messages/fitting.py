"""Weights of a checkpoint beside the open network: what fits, which rules are taken, and loading them."""

from __future__ import annotations

from typing import Literal

from .base import Body, BodyPart
from .limits import Count, Names, Parts, Text

FitListName = Literal["matched", "missing", "unexpected", "shape", "dtype"]


class FitRule(BodyPart):
    """A rule that is proposed; numbers stand as `{n}`, `{n-1}` in its texts."""

    key: Text
    """What `FitChoice` calls it."""
    old: Text
    """Text of names in the file; empty for nothing."""
    new: Text
    """What it becomes in the network; empty for nothing."""
    kind: Text
    """`prefix`, `infix`, `suffix`, `word`, `number`, `split`, `fuse`, `transpose`, `resize`."""
    keys: Count
    """Names of the file that it takes part in."""
    certainty: Literal["certain", "likely", "guess"]
    note: Text = ""
    """What speaks for or against it; empty for nothing."""
    rename: Text = ""
    """The same as `OLD=NEW`; empty where that cannot say it."""
    taken: bool = False


class OwnRule(BodyPart):
    """A rule of the user's, `OLD=NEW` as `--rename` has it."""

    text: Text
    keys: Count
    """Names of the file that it fits."""


class FitEntry(BodyPart):
    """One line of a list: names that differ in their numbers alone."""

    template: Text
    """`layers.[0-31].attn.wq.weight`."""
    count: Count
    """Names that it stands for."""
    reason: Text = ""
    """Why they are in the list, as far as that is known; empty otherwise."""
    path: Text = ""
    """The first of the names in the network; empty in `unexpected`."""
    source: Text = ""
    """The names in the file, where they are others: `layers.[0-31].wq.weight`, several with ` + `."""


class FitList(BodyPart):
    """What fits, or does not, in one way."""

    name: FitListName
    """`matched`: of the network, loaded; `missing`: of the network, not in the file; `unexpected`: of the file, not in
    the network; `shape`: in both, with other shapes; `dtype`: those of `matched` that are converted."""
    count: Count
    """Names in it."""
    entries: Parts[FitEntry]
    more: Count = 0
    """Lines that are left out of `entries`."""


class FitChoice(BodyPart):
    """Which rules hold: those that are no guess, but for what is said here."""

    own: Names = []
    """Rules of the user's own, `OLD=NEW`; they come first, in turn."""
    taken: Names = []
    """Keys of rules that hold although they are guesses."""
    left: Names = []
    """Keys of rules that do not hold."""


class OpenWeights(Body):
    """Open a checkpoint beside the open network; answered by `Fitted`."""

    checkpoint: Text
    trust: bool = False
    """Whether what is in the file may run."""


class FitWeights(Body):
    """Return what of the checkpoint that was opened last fits, with these rules; answered by `Fitted`."""

    choice: FitChoice


class WeightsCode(Body):
    """Return the Python that loads it with these rules; answered by `Exported`."""

    choice: FitChoice


class LoadWeights(Body):
    """Load it with these rules, which `Undo` takes back; answered by `WeightsLoaded`."""

    choice: FitChoice
    strict: bool = False
    """Load nothing where not everything fits."""


class Fitted(Body):
    """What of a checkpoint fits the open network, and which rules bring more together."""

    checkpoint: Text
    network: Text
    """SOURCE of the network."""
    tensors: Count
    """Of the network, each under each of its names."""
    agreeing: Count
    """Names that both have, after the user's own rules."""
    own: Parts[OwnRule]
    rules: Parts[FitRule]
    """The most certain first."""
    lists: Parts[FitList]
    fits: bool
    """Whether all of the network is loaded from all of the file, but for what neither needs."""
    more_rules: Count = 0
    """Rules that are left out of `rules`, and hold or not as they do by themselves."""
    notes: Names = []
    """What cannot be known from names and shapes, as sentences."""
    refusal: Text = ""
    """Why nothing is proposed beyond names that agree; empty where something is."""


class WeightsLoaded(Body):
    """The weights are in the network."""

    text: Text
    """How much was loaded, in one line."""
    changed: Names
    """Paths whose values changed."""
