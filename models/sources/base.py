"""What a kind of source offers.  The kinds are listed in `opening.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

from ..opened.source import OpenOptions, Source


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of source."""

    claims: Callable[[str], bool]
    """Whether a text names a source of this kind, rightly or not; looks at the text and the file system only."""
    open: Callable[[str, OpenOptions], Source]
    """Open it; raises SourceError."""


def close_to(name: str, names: list[str]) -> str:
    """A sentence with the names like `name`, or an empty text: `Did you mean 'rgnet'?`."""
    close = get_close_matches(name, names, n=3, cutoff=0.6)
    return f"Did you mean {' or '.join(repr(each) for each in close)}?" if close else ""
