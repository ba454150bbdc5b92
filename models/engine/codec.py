"""Encoding of envelopes and bodies as MessagePack (https://msgpack.org), and decoding, for both sides.

Bodies are packed first and travel raw, so that a kind unknown to the other side spoils one message only.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

import msgspec

from ..messages import Body, EventBody, FromEngine, FromInterface, RequestBody
from ..safe_text import as_sent
from .consistency import contradiction
from .fitting import fit_message

T = TypeVar("T", bound=Body)

DecodeError = msgspec.DecodeError
"""Raised where bytes are no message of the requested type; `msgspec.ValidationError` is a subclass."""

_encoder = msgspec.msgpack.Encoder()


@cache
def _decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    """Return a decoder, built when first needed: neither side pays for the other's."""
    return msgspec.msgpack.Decoder(kind)


def pack(body: Body) -> msgspec.Raw:
    """Return a body encoded for an envelope; lone surrogates in its texts become escapes.

    Raises:
        OverflowError: an integer needs more than 64 bits.
    """
    return msgspec.Raw(_bytes(body))


def pack_fitting(body: Body) -> msgspec.Raw:
    """Return a body encoded for an envelope, cut by `fit_message` where the other side would refuse it."""
    try:
        raw = pack(body)
        _decoder(type(body)).decode(raw)
    except (OverflowError, DecodeError):
        return pack(fit_message(body))
    return raw


def encode(envelope: FromInterface | FromEngine) -> bytes:
    """Return an envelope encoded as the payload of a frame.

    Raises:
        OverflowError: an integer needs more than 64 bits.
    """
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
    """Return the envelope that the interface sent.

    Raises:
        DecodeError: `payload` is none.
    """
    envelope: FromInterface = _decoder(FromInterface).decode(payload)
    return envelope


def from_engine(payload: bytes) -> FromEngine:
    """Return the envelope that the engine sent.

    Raises:
        DecodeError: `payload` is none.
    """
    envelope: FromEngine = _decoder(FromEngine).decode(payload)
    return envelope


def request_body(raw: msgspec.Raw) -> Body:
    """Return the body of a request.

    Raises:
        DecodeError: `raw` is none that this side knows.
    """
    body: Body = _decoder(RequestBody).decode(raw)
    return body


def event_body(raw: msgspec.Raw) -> Body:
    """Return the body of an event.

    Raises:
        DecodeError: `raw` is none that this side knows, or contradicts itself.
    """
    body: Body = _decoder(EventBody).decode(raw)
    return _consistent(body)


def answer_body(raw: msgspec.Raw, kind: type[T]) -> T:
    """Return the body of an answer, of the type `kind`.

    Raises:
        DecodeError: `raw` is of another type, or contradicts itself.
    """
    body: T = _decoder(kind).decode(raw)
    return _consistent(body)


def _consistent(body: T) -> T:
    if problem := contradiction(body):
        raise msgspec.ValidationError(f"it contradicts itself: {problem}")
    return body
