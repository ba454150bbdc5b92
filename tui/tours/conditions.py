"""When a step of a tour is done: conditions on what is seen on the screen, or happened since the step began.

A condition is a word and what it is about: `selected 0.block 1.0`, `tab values`, `ran forward`, `typed net[2].bias`,
`action heat`, `saved`.  What is seen and what happens reaches a tour as the same two parts: see `Progress.observe`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tui.actions import ACTIONS
from tui.recent import shown_path, whole_path
from tui.tabs import TABS

STATES = ("selected", "tab", "opened", "comparing")
"""Of these the latest holds, from before the step too; the others are events of the step."""
ANY = ("kept", "restored", "saved", "loaded", "compared")
"""Events that may be waited for without saying which: a snapshot, a file, two runs that were compared."""
SOURCES = ("opened", "comparing", "saved", "loaded")
"""Those that may be about a file."""
RUNS = ("forward", "backward")
"""What `ran` is about."""
KINDS = (*STATES, "ran", "typed", "action", *ANY)
"""The words that a condition may begin with."""


class Condition(NamedTuple):
    """One condition."""

    kind: str
    """One of `KINDS`."""
    value: str
    """What it is about, as `observed` returns it; empty for whichever, of those in `ANY`."""


def read_condition(text: str) -> Condition:
    """Read a condition.

    Raises:
        ValueError: it is none; the message says what there is.
    """
    kind, _, value = text.strip().partition(" ")
    if kind not in KINDS:
        raise ValueError(f"{text!r} is no condition: it begins with one of {', '.join(KINDS)}")
    value = value.strip()
    known: tuple[str, ...] = ()
    if kind == "tab":
        known = tuple(tab.id for tab in TABS)
    elif kind == "ran":
        known = RUNS
    elif kind == "action":
        known = tuple(dict.fromkeys(_name(action.id) for action in ACTIONS))
    if known and value not in known:
        raise ValueError(f"{text!r}: there is no {kind} {value!r}; there are {', '.join(known)}")
    if not value and kind not in ("selected", "comparing", *ANY):
        raise ValueError(f"{text!r} does not say which")
    return Condition(kind, observed(kind, value))


def observed(kind: str, value: str) -> str:
    """Return what was seen as conditions compare it: a statement without its spaces, an action without parameters.

    A file below the working folder is named from there: what was opened before is offered by its whole path.
    """
    if kind == "typed":
        return re.sub(r"\s+", "", value).replace("'", '"')
    if kind in SOURCES:
        return shown_path(whole_path(value) or value)
    return _name(value) if kind == "action" else value


def _name(action: str) -> str:
    return action.partition("(")[0].rpartition(".")[2]
