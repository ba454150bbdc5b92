"""Names of keys, as Textual and the table of actions have them, and the bytes that a terminal sends for them."""

from __future__ import annotations

import string
from functools import cache

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.keys import _character_to_key

from tui.actions import ACTIONS

_OWN = {"enter": "\r", "escape": "\x1b", "tab": "\t", "backspace": "\x7f", "space": " ", "shift+tab": "\x1b[Z"}


@cache
def _sequences() -> dict[str, str]:
    found: dict[str, str] = {}
    for sequence, keys in ANSI_SEQUENCES_KEYS.items():
        if isinstance(keys, tuple) and len(keys) == 1:
            found.setdefault(getattr(keys[0], "value", keys[0]), sequence)
    typed = {_character_to_key(character): character for character in string.punctuation}
    return found | typed | _OWN


@cache
def bytes_of(key: str) -> bytes:
    """What a terminal sends for `key`: a name of Textual's, or a text that is typed as it stands."""
    return _sequences().get(key, key).encode()


def keys_of_actions(*places: str) -> list[str]:
    """Every key of the table of actions, or of those that live at `places`."""
    return [key for action in ACTIONS if not places or action.place in places for key in action.keys.split(",")]


def all_names() -> list[str]:
    """Every key that has a name, also those that mean nothing to the program."""
    return sorted(_sequences())
