"""Words for what is wrong with shards: the first few by name, and how many more."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from ..wording import shortened

MOST = 3


def first_of(texts: Iterable[str], count: int, joint: str = ", ") -> str:
    """The first of `count` sentences or names, and how many more there are."""
    shown = joint.join(shortened(text, 300) for text in islice(texts, MOST))
    return f"{shown} and {count - MOST:,} more" if count > MOST else shown


def counted(count: int, what: str) -> str:
    """`1 shard is`, `5 shards are`."""
    return f"1 {what} is" if count == 1 else f"{count:,} {what}s are"


def short(name: str) -> str:
    """A name among others in one sentence."""
    return shortened(name, 60)
