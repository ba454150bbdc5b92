"""One rule as `re.sub` has it: applied to names here, and written as Python that does the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from .names import NUMBER, NameParts
from .rules import PartRule


@dataclass(frozen=True)
class Substitution:
    """A pattern, and what takes the place of what it matches."""

    pattern: str
    pieces: tuple[str | tuple[int, int], ...]
    """Texts, and numbers: which group of the pattern, and what is added to it."""

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    def __call__(self, name: str) -> str:
        """Return `name` with the first match replaced."""
        return self._compiled.sub(self._replaced, name, count=1)

    def _replaced(self, match: re.Match[str]) -> str:
        return "".join(piece if isinstance(piece, str) else _number(match, *piece) for piece in self.pieces)

    @property
    def source(self) -> str:
        """Return the arguments of `re.sub` for it, the name left out."""
        return f"{literal(self.pattern)}, {self.replacement}"

    @property
    def replacement(self) -> str:
        """Return what takes the place of a match, as Python: a text, or a function where a number shifts."""
        if all(isinstance(piece, str) or not piece[1] for piece in self.pieces):
            return literal("".join(_escaped(piece) for piece in self.pieces))
        return "lambda m: " + " + ".join(_expression(piece) for piece in self.pieces)


def _number(match: re.Match[str], group: int, shift: int) -> str:
    return str(int(match[group]) + shift) if shift else match[group]


def _escaped(piece: str | tuple[int, int]) -> str:
    return piece.replace("\\", r"\\") if isinstance(piece, str) else rf"\g<{piece[0]}>"


def _expression(piece: str | tuple[int, int]) -> str:
    if isinstance(piece, str):
        return literal(piece)
    group, shift = piece
    return f"m[{group}]" if not shift else f"str(int(m[{group}]) {'-' if shift < 0 else '+'} {abs(shift)})"


def literal(text: str) -> str:
    """Return a Python string with this value, raw where that reads better and is the same."""
    plain = text.isascii() and text.isprintable() and '"' not in text and not text.endswith("\\")
    if plain and "\\" in text:
        return f'r"{text}"'
    return f'"{text}"' if plain else ascii(text)


def substitution_of(rule: PartRule) -> Substitution:
    """Return a rule of parts as a substitution."""
    old = template_pattern(rule.old)
    lead, tail = "^" if rule.front else r"\.", "$" if rule.end else r"\."
    pattern = f"{lead}{old}{tail}" if old else lead if rule.front else tail
    before = "" if rule.front else "."
    after = "" if rule.end else "."
    if not rule.new:
        return Substitution(pattern, () if rule.front or rule.end else (".",))
    if not rule.old and rule.end and not rule.front:
        after = ""
    return Substitution(pattern, (before, *pieces_of(rule.new), after))


def template_pattern(parts: NameParts) -> str:
    """Return the pattern of a template, a group for each number."""
    return r"\.".join(r"(\d+)" if part == NUMBER else re.escape(part) for part in parts)


def pieces_of(parts: NameParts) -> tuple[str | tuple[int, int], ...]:
    """Return the pieces of a template whose numbers are those of a match in turn, shifted by what stands behind `#`."""
    found: list[str | tuple[int, int]] = []
    group = 0
    for at, part in enumerate(parts):
        text = "." if at else ""
        if part.startswith(NUMBER) and (part == NUMBER or part[1] in "+-"):
            group += 1
            found += [text, (group, int(part[1:] or 0))]
        else:
            found.append(text + part)
    joined: list[str | tuple[int, int]] = []
    for piece in found:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        elif piece:
            joined.append(piece)
    return tuple(joined)
