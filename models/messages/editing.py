"""Changes by key, planned as statements of the console; snapshots."""

from __future__ import annotations

from typing import Literal

from .base import Body
from .limits import Names, Text


class PlanEdit(Body):
    """Say which statement changes what is at `path`; answered by `EditPlan`, changes nothing.

    Fails with kind `usage` where it cannot be changed.
    """

    path: Text
    kind: Literal["elements", "freeze", "mode"]
    """Its elements; whether its parameters require gradients; whether its module is in train or eval mode."""
    where: Text = ""
    """Of elements: which, as a subscript of Python such as `3, 17` or `:, 0:4`; empty for all."""
    of: Literal["value", "gradient"] = "value"
    """Of elements: whether they are of the tensor or of its gradient."""
    what: Text = ""
    """Of elements: a number, a list of numbers, or an operator and a number, such as `*= 2`."""


class EditPlan(Body):
    """What a `PlanEdit` comes to."""

    statement: Text = ""
    """The statement; empty where a text has an error."""
    where_error: Text = ""
    what_error: Text = ""
    note: Text = ""
    """What it does, in a few words: `4 of 32 elements`."""
    about: Names = []
    """Paths of the tensors whose values it changes, for `Execute`."""


class UseSnapshot(Body):
    """Make the network what it was at a snapshot, or forget one; answered by `Done`, with a sentence.

    Fails with kind `gone` where there is none of that name.
    """

    do: Literal["restore", "drop"]
    name: Text
