"""Envelopes to bytes and back, for both sides.

Bodies are packed first and travel raw, so that a kind unknown to the other side spoils one message only.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

import msgspec

from ..messages import Body, EventBody, FromEngine, FromInterface, RequestBody
from ..safe_text import as_sent
from .consistency import contradiction
from .fitting import fitted

T = TypeVar("T", bound=Body)

DecodeError = msgspec.DecodeError
"""The bytes are no message of the kind asked for (`msgspec.ValidationError` is one of these)."""

_encoder = msgspec.msgpack.Encoder()


@cache
def _decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    """Built when first needed: the interface never pays for the requests' decoder, nor the engine for the replies'."""
    return msgspec.msgpack.Decoder(kind)


def pack(body: Body) -> msgspec.Raw:
    """A body for an envelope; halves of surrogate pairs in its texts travel as escapes.

    Raises:
        OverflowError: an integer needs more than 64 bits.
    """
    return msgspec.Raw(_bytes(body))


def pack_fitting(body: Body) -> msgspec.Raw:
    """As `pack`, of as much of the body as the other side takes."""
    try:
        raw = pack(body)
        _decoder(type(body)).decode(raw)
    except (OverflowError, DecodeError):
        return pack(fitted(body))
    return raw


def encode(envelope: FromInterface | FromEngine) -> bytes:
    """The payload of a frame; raises as `pack` does."""
    return _bytes(envelope)


def _bytes(message: object) -> bytes:
    try:
        return _encoder.encode(message)
    except UnicodeEncodeError:  # a name or an error text that UTF-8 cannot carry
        return _encoder.encode(_escaped(msgspec.to_builtins(message)))


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return as_sent(value)
    if isinstance(value, list):
        return [_escaped(part) for part in value]
    if isinstance(value, dict):
        return {_escaped(key): _escaped(part) for key, part in value.items()}
    return value


def from_interface(payload: bytes) -> FromInterface:
    """Raises `DecodeError`."""
    envelope: FromInterface = _decoder(FromInterface).decode(payload)
    return envelope


def from_engine(payload: bytes) -> FromEngine:
    """Raises `DecodeError`."""
    envelope: FromEngine = _decoder(FromEngine).decode(payload)
    return envelope


def request_body(raw: msgspec.Raw) -> Body:
    """Any request; raises `DecodeError`."""
    body: Body = _decoder(RequestBody).decode(raw)
    return body


def event_body(raw: msgspec.Raw) -> Body:
    """Any event; raises `DecodeError`."""
    body: Body = _decoder(EventBody).decode(raw)
    return _consistent(body)


def answer_body(raw: msgspec.Raw, kind: type[T]) -> T:
    """The answer of the kind that was asked for; raises `DecodeError` for any other."""
    body: T = _decoder(kind).decode(raw)
    return _consistent(body)


def _consistent(body: T) -> T:
    if problem := contradiction(body):
        raise msgspec.ValidationError(f"it contradicts itself: {problem}")
    return body
