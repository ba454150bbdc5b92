"""The envelope of every message that crosses the wall.

A frame carries one envelope.  The interface sends `Request` and `Cancel`; the engine sends `Reply`, `Failure`,
`Progress` and `Event`.  The body travels as raw msgpack and is decoded on its own, so that a body of a kind that this
side does not know spoils one message and not the stream.

Owns: the envelope and the common base of all bodies.  Must not import torch or textual.
"""

from __future__ import annotations

import msgspec

from .limits import Count, Parts, Share, Text

PROTOCOL = 1
"""Version of the messages, compared in the greeting.

Counted up when a message changes its meaning; new messages and fields with defaults leave it as it is."""


class Body(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Base of everything inside an envelope: frozen, tagged with its class name; unknown fields are ignored."""


class BodyPart(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the structs within a body, such as one row of a page; frozen, without a tag."""


class Request(msgspec.Struct, frozen=True, tag="request"):
    """Envelope of a request, from the interface."""

    id: Count
    """Chosen by the interface, unique in a connection."""
    body: msgspec.Raw


class Cancel(msgspec.Struct, frozen=True, tag="cancel"):
    """Envelope without a body: the interface no longer waits for an answer, which is dropped if it still comes."""

    id: Count
    """`id` of the request."""


class Reply(msgspec.Struct, frozen=True, tag="reply"):
    """Envelope of the answer to the request `id`."""

    id: Count
    body: msgspec.Raw


class Choice(msgspec.Struct, frozen=True):
    """A source that can be opened instead of the one that was named."""

    source: Text
    """SOURCE, as on the command line."""
    about: Text = ""
    """What it is, in a few words; empty for nothing."""


class Problem(msgspec.Struct, frozen=True):
    """An error, as every panel, log line and JSON report shows it."""

    kind: Text
    """What failed: `usage`, `source`, `model`, `cancelled`, `interrupted`, `engine`, `protocol`, `gone`."""
    title: Text
    """One line: the cause."""
    text: Text = ""
    """One or more lines: the remedy, or the traceback of the user's own frames; empty for none."""
    path: Text | None = None
    """Path of the module or tensor concerned; None where there is none."""
    where: Text = ""
    """The user's innermost line that led to it, as `file.py:12`; empty where unknown."""
    type: Text = ""
    """The exception's class as a traceback writes it: `ValueError`, `torch.OutOfMemoryError`; empty for none."""
    message: Text = ""
    """The exception's whole message; empty for none."""
    choices: Parts[Choice] = []
    """Sources of which the user is to choose one; empty where that is no remedy."""
    hint: Text = ""
    """One line: why it failed and what mends it, as far as that is certain; empty where it is not."""


class Failure(msgspec.Struct, frozen=True, tag="failure"):
    """Envelope of the error that ends the request `id`."""

    id: Count
    problem: Problem


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """Envelope without a body: how far the work on the request `id` is."""

    id: Count
    text: Text
    """A few words for the user."""
    done: Share | None = None
    """Fraction done, from 0 to 1; None when unknown."""


class Event(msgspec.Struct, frozen=True, tag="event"):
    """Envelope of an event, which the engine sends without a request."""

    body: msgspec.Raw


FromInterface = Request | Cancel
"""What the interface sends."""
FromEngine = Reply | Failure | Progress | Event
"""What the engine sends."""
