"""What of the open model is shared: objects, memory, values."""

from __future__ import annotations

from typing import Literal

from .base import Body, BodyPart
from .limits import Count, Names, Parts, Text

ShareKind = Literal["object", "memory", "flat", "part", "equal"]
"""`object`: one object under several names; `memory`: several objects on one memory, some on the same elements; `flat`:
on one memory, each on elements of its own; `part`: one tensor in a memory that is much larger; `equal`: the same values
in separate memory."""


class SharingMember(BodyPart):
    """A name of what is shared."""

    path: Text
    kind: Text
    """`module`, `parameter`, `buffer`, …"""
    detail: Text
    """Its class, or its shape."""
    part: Text = ""
    """Which part of the memory it is; empty for an object."""


class SharingGroup(BodyPart):
    """What is shared, with its names."""

    kind: ShareKind
    title: Text
    members: Parts[SharingMember]
    bytes: Count
    """Of the object or the memory, 0 where that is not known; of equal ones those of one."""
    saved: Count
    """Bytes that sharing saves; of `equal` those that it would save, of `part` and `flat` those that nothing uses."""
    more: Count = 0
    """Names that are left out of `members`."""
    mends: Text = ""
    """What `code` does: `tie`, `untie` or `copy`; empty where nothing is offered."""
    code: Text = ""
    """Python for the console that does it."""
    notes: Names = []
    """What a user may not expect, as sentences."""


class ReadSharing(Body):
    """Find what is shared in what is open; answered by `SharingFound`."""

    values: bool = False
    """Look for equal values in separate memory, which reads values, and for nothing else."""


class SharingFound(Body):
    """What is shared, in the order of the tree within each kind."""

    groups: Parts[SharingGroup]
    tensors: Count
    """Distinct tensors that were looked at."""
    more: Count = 0
    """Groups that are left out."""
