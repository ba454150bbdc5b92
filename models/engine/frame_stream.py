"""Reading frames from an asyncio stream.

Not in `framing`: the engine does not need asyncio, which takes long to import.
"""

from __future__ import annotations

import asyncio

from .framing import HEADER, FramingError, cut_error, payload_size

QUOTED = 0.2
"""Seconds to wait for more of a text that is quoted in an error."""


async def read_frame(stream: asyncio.StreamReader) -> bytes | None:
    """Return the payload of the next frame; None at the end of the stream.

    Raises:
        CutError: the stream ends within a frame.
        FramingError: the stream announces a payload over `LIMIT`; the message quotes the text found.
    """
    try:
        header = await stream.readexactly(HEADER.size)
    except asyncio.IncompleteReadError as error:
        if not error.partial:
            return None
        raise cut_error(len(error.partial), HEADER.size) from None
    try:
        size = payload_size(header)
    except FramingError:
        # Most often a login script that prints: show what it says, it is the cause.
        found = header + await _what_is_there(stream)
        raise FramingError(f"expected a message, got {found.decode('utf-8', 'replace')!r}") from None
    try:
        return await stream.readexactly(size)
    except asyncio.IncompleteReadError as error:
        raise cut_error(len(error.partial), size) from None


async def _what_is_there(stream: asyncio.StreamReader) -> bytes:
    try:
        return await asyncio.wait_for(stream.read(200), QUOTED)
    except asyncio.TimeoutError:
        return b""
