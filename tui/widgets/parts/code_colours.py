"""Python code cut into coloured pieces, line by line.

Pygments is imported only when the first code is coloured, which takes a moment: call `coloured` in a thread.
"""

from __future__ import annotations

from typing import Any, Literal

TokenKind = Literal["", "comment", "string", "number", "keyword", "name", "builtin"]
KINDS: tuple[TokenKind, ...] = ("comment", "string", "number", "keyword", "name", "builtin")
Pieces = list[tuple[str, TokenKind]]


def coloured(text: str) -> list[Pieces]:
    """Return the lines of a text, each as pieces with their kind; the pieces of a line joined are the line."""
    from pygments.lexers.python import PythonLexer
    from pygments.token import Comment, Keyword, Name, Number, Operator, String

    kinds: tuple[tuple[Any, TokenKind], ...] = (
        (Comment, "comment"),
        (String, "string"),
        (Number, "number"),
        (Keyword, "keyword"),
        (Operator.Word, "keyword"),
        (Name.Class, "name"),
        (Name.Function, "name"),
        (Name.Decorator, "name"),
        (Name.Builtin, "builtin"),
    )
    lines: list[Pieces] = [[]]
    for token, part in PythonLexer(stripnl=False, ensurenl=False).get_tokens(text):
        kind: TokenKind = next((kind for group, kind in kinds if token in group), "")
        first, *others = part.split("\n")
        if first:
            lines[-1].append((first, kind))
        for other in others:
            lines.append([(other, kind)] if other else [])
    return lines
