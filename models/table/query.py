"""What a user types to filter the table of tensors: words, and terms such as `dtype:bf16` or `size>1MB`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches

from .terms import STATISTICS, QueryError, Term, number_term, quoted, shape_term, text_term

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
    "infs": "inf",
    "nans": "nan",
    "zero": "zeros",
}
_KNOWN = "dtype, size, elements, shape, rank, kind, place, min, max, mean, std, l2, zeros, nan, inf"
_SIGNS = {"=>": ">=", "=<": "<=", "==": "=", "≥": ">=", "≤": "<="}
_SIGN = re.compile("|".join(_SIGNS))
_SPACED = re.compile(rf"(?<!\S)({'|'.join(_NAMES)})\s*(>=|<=|[:=<>])\s*", re.IGNORECASE)
_PIECE = re.compile(r"\w+[:=<>]+[\[(][^\])]*[\])]?\S*|\S+")
_TERM = re.compile(r"([^\W\d_]\w*)(>=|<=|[:=<>])(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Query:
    """A filter: `words` as the search has them, and all `terms`.  Equal for equal texts."""

    text: str
    words: str = field(compare=False, default="")
    terms: tuple[Term, ...] = field(compare=False, default=())

    @property
    def needs_statistics(self) -> bool:
        """Whether what is left depends on statistics."""
        return any(term.field in STATISTICS for term in self.terms)


def parse_query(text: str) -> Query:
    """Read a filter; a term without its value yet (`size>`) leaves everything.

    Raises:
        QueryError: a term with an unknown name or a value that is none.
    """
    words: list[str] = []
    terms: list[Term] = []
    told = _SPACED.sub(lambda found: found[1] + found[2], _SIGN.sub(lambda found: _SIGNS[found[0]], text))
    for piece in _PIECE.findall(told):
        found = _TERM.fullmatch(piece)
        name = _NAMES.get(found[1].lower()) if found else None
        if found and name:
            if found[3]:
                terms.append(_term(piece, name, found[2], found[3]))
        elif found and (found[2] != ":" or _near(found[1], 0.75)):
            near = _near(found[1], 0.5)
            meant = f"Did you mean {near}{found[2]}{quoted(found[3], '')}? " if near else ""
            raise QueryError(f"Nothing is called {quoted(found[1])} in {quoted(piece)}", f"{meant}There are {_KNOWN}.")
        else:
            words.append(piece)  # a name may hold a colon
    return Query(text.strip(), " ".join(words), tuple(terms))


def _near(name: str, likeness: float) -> str:
    return next(iter(get_close_matches(name[:40].lower(), _NAMES, 1, likeness)), "")


def _term(piece: str, name: str, sign: str, value: str) -> Term:
    if name == "shape":
        return shape_term(piece, sign, value)
    if name in ("dtype", "kind", "place"):
        return text_term(piece, name, sign, value)
    return number_term(piece, name, sign, value)
