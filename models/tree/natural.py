"""Natural sort order of names: `layers.2` before `layers.10`.  Pure Python."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_NUMBER = re.compile("([0-9]+)")
_OTHER_DIGITS = re.compile(r"[^\W_]")

_CHUNK = 1 << 12
"""Names whose keys are made together."""
_DIGITS = b"0123456789"
_APART = bytes.maketrans(_DIGITS + b" \n", b" " * 10 + b"\x1e\x1f")
"""Leaves white space where digits were, and nowhere else."""
_TOGETHER = bytes.maketrans(b"\x1e.", b" \0")
_ODD = b"\t\r\x0b\x0c\x1e\x1f"
_ONLY_DIGITS = bytes(code if code in _DIGITS else 32 for code in range(256))


def natural_key(name: str) -> str:
    """Return the key that sorts names naturally.

    Runs of digits, of any length and script, sort by their number; the parts of a path sort one after another, so that
    `a.b` is before `a-b`.  Numbers that are equal (`1`, `01`) have one key.
    """
    if not name.isascii():
        name = _OTHER_DIGITS.sub(_in_ascii, name)
    pieces = _NUMBER.split(name)
    pieces[1::2] = [_number_key(digits) for digits in pieces[1::2]]
    return "".join(pieces).replace(".", "\0")


def natural_keys(names: Sequence[str]) -> list[str]:
    """Return the `natural_key` of each name, at a fraction of the cost where there are many."""
    numbers = _Numbers()
    keys: list[str] = []
    for start in range(0, len(names), _CHUNK):
        part = names[start : start + _CHUNK]
        together = "\n".join(part)
        text = together.encode() if together.isascii() else b"\t"
        if text.count(b"\n") == len(part) - 1 and len(text.translate(None, _ODD)) == len(text):
            keys += _all_at_once(text, numbers)
        else:
            keys += map(natural_key, part)
    return keys


def _all_at_once(text: bytes, numbers: _Numbers) -> list[str]:
    """Return the keys of names, one a line; splitting at white space is what the interpreter does fastest."""
    others = (b"\x1f" + text).translate(_APART).split()
    digits = text.translate(_ONLY_DIGITS).split()
    pieces = [b""] * (len(others) + len(digits))
    pieces[::2] = others
    pieces[1::2] = map(numbers.__getitem__, digits)
    return b"".join(pieces).translate(_TOGETHER).decode().split("\x1f")[1:]


class _Numbers(dict[bytes, bytes]):
    """The keys of runs of digits; remembers up to a million."""

    def __missing__(self, run: bytes) -> bytes:
        key = _number_key(run.decode()).encode()
        if len(self) < 1_000_000:
            self[run] = key
        return key


def _number_key(run: str) -> str:
    """Return a key of a run of digits: more digits are larger, as many compare as texts do.

    The leading 0 sorts it among other characters as digits do.
    """
    digits = run.lstrip("0")
    length = chr(48 + len(digits)) if len(digits) < 64 else f"\x7f{len(digits):016}"
    return f"0{length}{digits}"


def _in_ascii(match: re.Match[str]) -> str:
    char = match[0]
    value = unicodedata.decimal(char, -1)
    return char if value < 0 else str(value)
