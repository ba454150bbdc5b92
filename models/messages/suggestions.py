"""What could be opened: of the working folder, and of a source that is being typed."""

from __future__ import annotations

from .base import Body, BodyPart
from .limits import Page, Text


class SuggestSources(Body):
    """List how `text` may go on, or, when it is empty, what can be opened here; answered by `SuggestedSources`.

    Files are listed and read, never opened as a source, imported or run.
    """

    text: Text = ""
    """The beginning of a SOURCE."""


class SourceItem(BodyPart):
    """One suggestion."""

    source: Text
    """A SOURCE, or a longer beginning of one: `folder/`, `net.py:`."""
    detail: Text = ""
    """A few words on what it is."""
    opens: bool = False
    """Whether it can be opened as it stands, as far as its name and text say."""


class SuggestedSources(Body):
    """The suggestions for `text`, the likeliest first."""

    text: Text
    items: Page[SourceItem]
