"""JSON from outside as plain values: bounded in depth and numbers, so that it can be walked and written again."""

from __future__ import annotations

from math import isfinite
from typing import Any

import msgspec

from .wording import size_text

DEEPEST = 32
"""Levels of lists and dicts inside one another, at most."""


class NotJson(Exception):
    """Why a text is not taken as JSON; a few words, none of them from the text."""


def parsed(raw: bytes | str) -> Any:
    """Return what a JSON text says, as Python's plain values.

    Raises:
        NotJson: it is broken, nested deeper than `DEEPEST`, or has a number beyond 64 bits.
    """
    try:
        value = msgspec.json.decode(raw)
    except msgspec.DecodeError as error:
        raise NotJson(str(error)) from None
    except UnicodeDecodeError:
        raise NotJson("it is not valid UTF-8") from None
    except RecursionError:
        raise NotJson("it is nested too deeply") from None
    _check(value)
    return value


def summarised(value: Any, entries: int = 128, characters: int = 20_000) -> Any:
    """Return `value` without what is too long to look at.

    In place of a list or dict of more than `entries`, or a text of more than `characters`, stands how long it is.
    """
    if isinstance(value, str) and len(value) > characters:
        return f"text of {size_text(len(value))}"
    if isinstance(value, (list, dict)) and len(value) > entries:
        return f"{len(value):,} entries"
    if isinstance(value, list):
        return [summarised(each, entries, characters) for each in value]
    if isinstance(value, dict):
        return {key[:characters]: summarised(each, entries, characters) for key, each in value.items()}
    return value


def _check(value: Any) -> None:
    level = [value]
    depth = 0
    while level:
        inner: list[Any] = []
        for each in level:
            if isinstance(each, (dict, list)):
                if depth == DEEPEST:
                    raise NotJson(f"it is nested deeper than {DEEPEST} levels")
                inner += each.values() if isinstance(each, dict) else each
            elif isinstance(each, int) and not -(2**63) <= each < 2**64:
                raise NotJson("a number in it takes more than 64 bits")
            elif isinstance(each, float) and not isfinite(each):
                raise NotJson("a number in it is too large")
        level = inner
        depth += 1
