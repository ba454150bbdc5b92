"""Text from models and files, made safe for a terminal: the one place where this is done.

Names, class names, error texts and printed output come from outside and may hold anything.  The interface cleans what
the engine sends before it draws it; the headless commands clean what they print.
"""

from __future__ import annotations

import re

LONGEST = 10_000
"""Characters of one text that are kept by default; nothing on a screen needs more."""

_UNSAFE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # control characters, C1 included
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # change the direction of what follows
    "\u2028\u2029\ufff9-\ufffb"  # separators and annotations
    # invisible:
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0"
    "\ufe00-\ufe0f\U000e0000-\U000e0fff\U0001d173-\U0001d17a"  # tags and selectors: terminals disagree on their width
    "\ud800-\udfff"  # surrogates, which no terminal's encoding can write
    "]"
)


def as_sent(text: str) -> str:
    """Return `text` as it crosses the wall: with escapes for lone surrogates, which UTF-8 cannot carry."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)  # the control pictures: ␀ ␛ ␊
    if code == 0x7F:
        return "␡"
    return f"<{code:04X}>"


def clean(text: str, limit: int = LONGEST) -> str:
    """Return `text` as one line of at most `limit` characters that is safe to print.

    Control, bidirectional, invisible and surrogate characters are replaced by visible ones: `␛`, `<202E>`.  A text that
    is cut ends in `…`.
    """
    if len(text) <= limit:
        if text.isascii() and text.isprintable():
            return text
        text = _UNSAFE.sub(_visible, text)  # which may make it longer
        if len(text) <= limit:
            return text
    else:
        text = _UNSAFE.sub(_visible, text[: max(limit, 0)])
    return text[: limit - 1] + "…" if limit > 0 else ""


def clean_lines(text: str, limit: int = LONGEST) -> list[str]:
    """Return the lines of `text`, tabs expanded to 4 columns, each made safe by `clean` with the same `limit`."""
    return [clean(line.expandtabs(4), limit) for line in re.split("\r\n|\n|\r", text)]
