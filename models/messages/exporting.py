"""A run, or the console's session, as the text of a file for other programs."""

from __future__ import annotations

from typing import Literal

from .base import Body
from .limits import Text

ExportForm = Literal["markdown", "mermaid", "dot", "chrome", "session"]


class Export(Body):
    """Return the last run in a form, or the session so far as Python; answered by `Exported`."""

    form: ExportForm
    path: Text = ""
    """Of the module whose dataflow is drawn, by `mermaid` and `dot`; empty for the network."""


class Exported(Body):
    """The text of a file; writing it is the interface's."""

    name: Text
    """What the file may be called, without its ending: letters, digits and `._-` only."""
    ending: Text
    """Such as `md`."""
    text: Text
