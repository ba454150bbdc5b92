"""Which key was meant by what a terminal sent: Escape and a letter in one read, and characters of an input method.

A terminal sends Alt+F as Escape and `f`, and so do Escape and `f` that were typed one right after the other: over a
slow line, or in tmux, which waits for what follows an Escape.  There is no telling them apart, so that Escape, and then
the letter as a command, is what is taken; only in a field with text the keys that edit it with Alt are those.
"""

from __future__ import annotations

from typing import NamedTuple

from textual.events import Key
from textual.keys import _character_to_key
from textual.message_pump import MessagePump
from textual.widgets import Input, TextArea

AMBIGUOUS = {"f": "alt+f", "b": "alt+b", "\r": "alt+enter", "\x7f": "alt+backspace"}
"""What may follow an Escape and mean a key that edits text, and how such a pair is called until it acts."""
EDITS = {"alt+f": "ctrl+right", "alt+b": "ctrl+left", "alt+enter": "alt+enter", "alt+backspace": "ctrl+w"}
"""The key that each is in a field with text."""

_FIRST, _LAST, _OFFSET = 0xFF01, 0xFF5E, 0xFEE0
"""The full-width forms of ASCII, and how far behind it they are."""
TYPED_INSTEAD = {
    "\u3000": " ", "。": ".", "｡": ".", "、": "/", "､": "/", "・": "/", "《": "<", "》": ">", "〈": "<", "〉": ">",
    "「": "[", "」": "]", "【": "[", "】": "]", "『": "[", "』": "]", "—": "_", "ー": "-",
}  # fmt: skip
"""What an input method for Chinese or Japanese sends for keys that have no full-width form of their own there."""


class Meant(NamedTuple):
    """What a key means: one key, and perhaps another one behind it."""

    key: Key
    then: Key | None = None


def meant(event: Key, target: MessagePump) -> Meant:
    """Return what `event` means to `target`, the widget with the focus."""
    if event.key in EDITS and event.character:  # without a character it is surely Alt: the terminal says so itself
        return _of_pair(event, event.character, target)
    if isinstance(target, Input | TextArea) or event.character is None:
        return Meant(event)
    character = key_character(event.character)
    return Meant(event if character == event.character else key_of(character))


def _of_pair(event: Key, character: str, target: MessagePump) -> Meant:
    text = target.text if isinstance(target, TextArea) else target.value if isinstance(target, Input) else ""
    if text and (event.key != "alt+enter" or isinstance(target, TextArea)):
        return Meant(Key(EDITS[event.key], None))
    return Meant(Key("escape", "\x1b"), key_of(character))


def key_character(character: str) -> str:
    """Return the character of the keyboard that an input method sent `character` for; most are themselves."""
    if len(character) == 1 and _FIRST <= ord(character) <= _LAST:
        return chr(ord(character) - _OFFSET)
    return TYPED_INSTEAD.get(character, character)


def key_of(character: str) -> Key:
    """Return the key of a character, as the terminal's parser makes it."""
    name = {"\r": "enter", "\x7f": "backspace"}.get(character)
    return Key(name or (character if character.isalnum() else _character_to_key(character)), character)
