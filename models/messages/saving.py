"""The tensors of what is open, written to a new file."""

from __future__ import annotations

from .base import Body, BodyPart
from .limits import Count, Names, Text


class SaveOptions(BodyPart):
    """What is written, and where."""

    out: Text = ""
    """Path of the new file, on the engine's machine; its ending says what it becomes.  Empty: one that is free."""
    renames: Names = []
    """`OLD=NEW`, in turn."""
    match: Text = ""
    """Names that are saved, `*` being any text, or a module all below which is; empty for all of the network's."""
    dtype: Text = ""
    """Of floating tensors; empty leaves each as it is."""


class PlanSave(Body):
    """Return what a file would hold, and write nothing; answered by `SavePlan`."""

    options: SaveOptions


class SaveTensors(Body):
    """Write it, never over what is there; answered by `Saved`."""

    options: SaveOptions


class SavePlan(Body):
    """What a file would hold."""

    out: Text
    """Its path, named by the engine where none was given."""
    form: Text
    """`a safetensors file` or `a torch file`."""
    tensors: Count
    bytes: Count
    """Of all elements, each shared one once."""
    notes: Names
    """What a user may not expect, and what is left out, as sentences."""


class Saved(Body):
    """The file is there."""

    out: Text
    """Its whole path."""
    text: Text
    """What is in it, in one line."""
    notes: Names
