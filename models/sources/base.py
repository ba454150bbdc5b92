"""What a kind of source offers.  The kinds are listed in `opening.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

from ..opened.source import OpenOptions, Source


@dataclass(frozen=True, slots=True)
class SourceKind:
    """One sort of source, offered as `KIND` by the file that reads it."""

    claims: Callable[[str], bool]
    """Return whether a text names a source of this kind, rightly or not; look at the text and the file system only."""
    open: Callable[[str, OpenOptions], Source]
    """Open what a text names; raise SourceError."""


def close_to(name: str, names: list[str]) -> str:
    """Return a sentence with at most three of `names` like `name`: `Did you mean 'rgnet'?`; empty where none is."""
    close = get_close_matches(name, names, n=3, cutoff=0.6)
    return f"Did you mean {' or '.join(repr(each) for each in close)}?" if close else ""
