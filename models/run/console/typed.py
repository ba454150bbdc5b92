"""Unfinished Python as the user types it, cut into tokens: which expression, which call, which string is it at?

Python's own tokenizer gives up at an open string or bracket, which is where completion starts.  Must not import torch.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator

_LEX = re.compile(r"#[^\n]*|[rbfuRBFU]{0,2}(\"\"\"|'''|\"|')|[^\W\d]\w*|\s+|.", re.DOTALL)
_WORD = re.compile(r"\w*")


def tokens(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield kind (`name`, `string`, `open`, `comment`, `space`, or the character), start, and start of its content.

    Starts are indices of characters in `text`; `open` is a string that does not end, and the last token.
    """
    at = 0
    while at < len(text):
        match = _LEX.match(text, at)
        if match is None:
            return
        token = match.group()
        if quote := match.group(1):
            end = match.end()
            while end < len(text) and not text.startswith(quote, end):
                if text[end] == "\n" and len(quote) == 1:
                    break
                end += 2 if text[end] == "\\" else 1
            if end >= len(text):
                yield "open", at, match.end()
                return
            yield "string", at, match.end()
            at = end + (len(quote) if text.startswith(quote, end) else 0)
            continue
        if token[0] == "#":
            kind = "comment"
        elif token.isspace():
            kind = "\n" if "\n" in token else "space"
        else:
            kind = "name" if token[0].isidentifier() else token
        yield kind, at, at
        at = match.end()


def expression_before(before: str) -> str:
    """Return the expression of names, dots, brackets and calls that `before` ends with; empty for none."""
    depth, start, wants_operand = 0, len(before), True
    for kind, at, _ in reversed(list(tokens(before))):
        if kind in (")", "]", "}"):
            if depth == 0 and not wants_operand:
                break
            depth += 1
        elif kind in ("(", "[", "{"):
            if depth == 0:
                break
            depth -= 1
            if depth == 0:
                # a list or a call's parentheses follow an operand, or begin the expression
                start, wants_operand = at, True
        elif depth:
            continue
        elif kind in ("name", "string"):
            if not wants_operand or keyword.iskeyword(name_at(before, at)):
                break
            start, wants_operand = at, False
        elif kind == "." and not wants_operand:
            wants_operand = True
        elif kind != "space" or not wants_operand:
            break
    return before[start:].strip()


def name_at(text: str, at: int) -> str:
    """Return the name that starts at index `at`; empty where none does."""
    found = _WORD.match(text, at)
    return found.group() if found else ""


def call_before(before: str) -> str:
    """Return the expression that is called by the parentheses that `before` ends within; empty outside of any."""
    depth = 0
    for kind, at, _ in reversed(list(tokens(before))):
        if kind in (")", "]", "}"):
            depth += 1
        elif kind in ("(", "[", "{"):
            if depth == 0:
                return expression_before(before[:at]) if kind == "(" else ""
            depth -= 1
    return ""
