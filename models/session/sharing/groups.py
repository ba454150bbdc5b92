"""A group of what is shared, in one of four ways."""

from __future__ import annotations

from typing import NamedTuple

from ...live.live_tree import Node
from ...messages.sharing import ShareKind


class Member(NamedTuple):
    """A name of what is shared."""

    node: Node
    part: str = ""
    """Which part of the memory it is: `all of it`, `elements 8–15 of 80`; empty for an object."""


class ShareGroup(NamedTuple):
    """What is shared, with all its names."""

    kind: ShareKind
    title: str
    members: list[Member]
    bytes: int
    """Of the object or the memory; of equal ones those of one."""
    saved: int
    """Bytes that sharing saves; of `equal` those that it would save, of `part` those that nothing uses."""
    notes: list[str]
    """What a user may not expect, as sentences."""
