"""Text from models and files, made safe for a terminal: the one place where this is done.

Names, class names, error texts and printed output come from outside and may hold anything.  The interface cleans what
the engine sends before it draws it; the headless commands clean what they print.
"""

from __future__ import annotations

import re

LONGEST = 10_000
"""Characters of one text that are looked at; nothing on a screen needs more."""

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)  # the control pictures: ␀ ␛ ␊
    if code == 0x7F:
        return "␡"
    return f"<{code:04X}>"


def clean(text: str, limit: int = LONGEST) -> str:
    """One line, every control, bidirectional, invisible or surrogate character visible, at most `limit` characters."""
    if len(text) > limit:
        text = text[: max(limit - 1, 0)] + "…"
    return _UNSAFE.sub(_visible, text)


def clean_lines(text: str, limit: int = LONGEST) -> list[str]:
    """The lines of a text of several lines, tabs as spaces, each made safe by `clean`."""
    return [clean(line.expandtabs(4), limit) for line in re.split("\r\n|\n|\r", text)]
