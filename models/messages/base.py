"""The envelope of every message that crosses the wall.

A frame carries one envelope.  The interface sends `Request` and `Cancel`; the engine sends `Reply`, `Failure`,
`Progress` and `Event`.  The body travels as raw msgpack and is decoded on its own, so that a body of a kind that this
side does not know spoils one message and not the stream.

Owns: the envelope and the common base of all bodies.  Must not import torch or textual.
"""

from __future__ import annotations

import msgspec

from .limits import Count, Share, Text

PROTOCOL = 1
"""Raised when a message changes its meaning; adding fields with defaults or new messages does not raise it."""


class Body(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Base of everything inside an envelope: frozen, tagged with its class name, unknown fields ignored."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the parts of bodies, such as one row of a page."""


class Request(msgspec.Struct, frozen=True, tag="request"):
    id: Count
    """Chosen by the interface, unique in a connection."""
    body: msgspec.Raw


class Cancel(msgspec.Struct, frozen=True, tag="cancel"):
    id: Count
    """The request that nobody waits for any more; its answer, if one still comes, is dropped."""


class Reply(msgspec.Struct, frozen=True, tag="reply"):
    id: Count
    body: msgspec.Raw


class Problem(msgspec.Struct, frozen=True):
    """One error, as every panel, log line and JSON report shows it."""

    kind: Text
    """What sort of thing went wrong: `usage`, `source`, `model`, `cancelled`, `interrupted`, `engine`, `protocol`."""
    title: Text
    """One line: the cause."""
    text: Text = ""
    """More, possibly of several lines: the remedy, or the traceback of the user's own frames."""
    path: Text | None = None
    """The module or tensor it is about."""
    where: Text = ""
    """`file.py:12`, the user's innermost line that led to it."""
    type: Text = ""
    """Of an exception, its class as a traceback writes it: `ValueError`, `torch.OutOfMemoryError`."""
    message: Text = ""
    """Of an exception, its whole message."""


class Failure(msgspec.Struct, frozen=True, tag="failure"):
    id: Count
    problem: Problem


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    id: Count
    text: Text
    done: Share | None = None
    """From 0 to 1, or None when nobody can tell."""


class Event(msgspec.Struct, frozen=True, tag="event"):
    body: msgspec.Raw


FromInterface = Request | Cancel
FromEngine = Reply | Failure | Progress | Event
