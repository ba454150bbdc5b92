"""The query that filters the table of tensors: words, and terms such as `dtype:bf16` or `size>1MB`; `!` is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from .terms import STATISTICS, QueryError, Term, in_quotes, negated, number_term, shape_term, text_term, without

_NAMES = {
    **{name: name for name in ("dtype", "elements", "shape", "rank", "kind", "place", *STATISTICS)},
    "type": "dtype",
    "size": "bytes",
    "bytes": "bytes",
    "file": "place",
    "dims": "rank",
    "ndim": "rank",
    "parameters": "elements",
    "params": "elements",
    "count": "elements",
    "min": "minimum",
    "max": "maximum",
    "avg": "mean",
    "norm": "l2",
    "abs": "absmax",
    "infs": "inf",
    "nans": "nan",
    "zero": "zeros",
    "status": "status",
    "rel": "how_much",
    "relative": "how_much",
    "change": "max_abs",
    "cos": "cosine",
    "cosine": "cosine",
}
_KNOWN = (
    "dtype, size, elements, shape, rank, kind, place, min, max, absmax, mean, std, l2, zeros, nan, inf, nonfinite, and "
    "of a comparison status, rel, change, cosine"
)
_SIGNS = {"=>": ">=", "=<": "<=", "==": "=", "≥": ">=", "≤": "<=", "≠": "!="}
_SIGN = re.compile("|".join(_SIGNS))
_PIECE = re.compile(r"!?\w+!?[:=<>]+!?[\[(][^\])]*[\])]?\S*|\S+")
_TERM = re.compile(r"([^\W\d_]\w*)(>=|<=|!=|[:=<>])(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: `words` for the search, and `terms` that must all match.  Equal for equal texts."""

    text: str
    words: str = field(compare=False, default="")
    terms: tuple[Term, ...] = field(compare=False, default=())
    remark: str = field(compare=False, default="")
    """Which piece looks like a term and is searched as text, as names may hold a colon; empty for none."""

    @property
    def needs_statistics(self) -> bool:
        """Return whether a term depends on statistics."""
        return any(term.field in STATISTICS for term in self.terms)


@dataclass(frozen=True)
class Grammar:
    """The terms that a table's queries may have."""

    names: Mapping[str, str]
    """By each name that may be written, in lower case, what it stands for."""
    known: str
    """The names to report, as text."""
    term: Callable[[str, str, str, str], Term]
    """Return the term of a piece, what its name stands for, its sign and its value, or raise QueryError."""
    spaced: re.Pattern[str] = field(init=False)
    """Matches a name and its sign, with spaces around it."""

    def __post_init__(self) -> None:
        names = "|".join(self.names)
        spaced = re.compile(rf"(?<!\S)(!?(?:{names}))\s*(>=|<=|!=|[:=<>])\s*", re.IGNORECASE)
        object.__setattr__(self, "spaced", spaced)

    def near(self, name: str, likeness: float) -> str:
        """Return the name that is most like one that is not known; empty where none is."""
        return next(iter(get_close_matches(name[:40].lower(), self.names, 1, likeness)), "")


def parse_query(text: str) -> Query:
    """Return the parsed query of the table of tensors; see `parse_by`."""
    return parse_by(text, TENSORS)


def parse_by(text: str, grammar: Grammar) -> Query:
    """Return the parsed query; a term without its value yet (`size>`) matches everything.

    `!bias`, `dtype:!f32`, `!dtype:f32` and `rank!=2` match where the same without `!` does not, and is known.

    Raises:
        QueryError: a term has an unknown name or an invalid value.
    """
    words: list[str] = []
    terms: list[Term] = []
    remark = ""
    spaced = grammar.spaced.sub(lambda found: found[1] + found[2], _SIGN.sub(lambda found: _SIGNS[found[0]], text))
    for piece in _PIECE.findall(spaced):
        bare = piece.removeprefix("!")
        found = _TERM.fullmatch(bare)
        name = grammar.names.get(found[1].lower()) if found else None
        if found and name:
            value = found[3].removeprefix("!")
            if value:
                term = grammar.term(piece, name, found[2].removeprefix("!"), value)
                signs = (bare != piece, found[2] == "!=", value != found[3])
                terms.append(negated(term) if sum(signs) % 2 else term)
        elif found and (found[2] != ":" or grammar.near(found[1], 0.75)):
            near = grammar.near(found[1], 0.5)
            meant = f"Did you mean {near}{found[2]}{in_quotes(found[3], '')}? " if near else ""
            raise QueryError(
                f"Nothing is called {in_quotes(found[1])} in {in_quotes(piece)}", f"{meant}There are {grammar.known}."
            )
        elif bare == piece:
            words.append(piece)  # a name may hold a colon
            if found:
                remark = f"{in_quotes(piece)} is searched as text. Of facts there are {grammar.known}."
        elif bare:
            terms.append(without(bare))
    return Query(text.strip(), " ".join(words), tuple(terms), remark)


def _term(piece: str, name: str, sign: str, value: str) -> Term:
    if name == "shape":
        return shape_term(piece, sign, value)
    if name in ("dtype", "kind", "place", "status"):
        return text_term(piece, name, sign, value)
    return number_term(piece, name, sign, value)


TENSORS = Grammar(_NAMES, _KNOWN, _term)
"""What the table of tensors is filtered by."""
