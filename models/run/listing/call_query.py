"""The query that filters and searches the table of calls: words, and terms such as `op:linear` or `ms>1`; `!` is not.

Its grammar is that of the table of tensors (`models/table/query.py`), with the names of what is known of a call.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from ...table.query import Grammar, Query, parse_by
from ...table.terms import BYTES, COUNTS, QueryError, Term, in_quotes, number_term
from ..trace.calls import Call
from .call_values import VALUES, searched_text

__all__ = ["QueryError", "matching", "parse_call_query"]

_TEXTS = ("op", "module", "where", "mode", "kind")
_KINDS = ("module", "operation", "failed", "noted", "loop")
_TIMES = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}
_SHARE = {"": 1.0, "%": 0.01}
_NAMES = {
    **{name: name for name in VALUES},
    "operation": "op",
    "class": "op",
    "in": "module",
    "path": "module",
    "line": "where",
    "at": "where",
    "file": "where",
    "times": "repeat",
    "count": "repeat",
    "took": "seconds",
    "time": "seconds",
    "s": "seconds",
    "ms": "ms",
    "us": "us",
    "own": "self_seconds",
    "self": "self_seconds",
    "size": "bytes",
    "avg": "mean",
    "minimum": "min",
    "maximum": "max",
    "zero": "zeros",
    "spread": "rows",
    "gradient": "norm",
    "nans": "nan",
    "infs": "inf",
    "rel": "relative",
    "change": "max_abs",
}
_KNOWN = (
    "op, module, line, mode, kind, took, ms, own, times, depth, flops, elementwise, bytes, kept, peak, "
    "min, max, mean, std, zeros, spread, nan, inf, nonfinite, norm, backward, and of two runs rel, change, grew"
)
_UNITS: dict[str, tuple[Mapping[str, float], str]] = {
    "seconds": ({"": 1.0, **_TIMES}, "took>1ms or ms>1"),
    "self_seconds": ({"": 1.0, **_TIMES}, "own>1ms"),
    "backward": ({"": 1.0, **_TIMES}, "backward>1ms"),
    "ms": ({"": 1e-3, **_TIMES}, "ms>1"),
    "us": ({"": 1e-6, **_TIMES}, "us>100"),
    "bytes": (BYTES, "bytes>1MB"),
    "kept": (BYTES, "kept>1MB"),
    "peak": (BYTES, "peak>1MB"),
    "flops": (COUNTS, "flops>1M"),
    "elementwise": (COUNTS, "elementwise>1k"),
    "rows": (_SHARE, "spread<0.01 or spread<1%"),
    "zeros": (_SHARE, "zeros>50%"),
}
_STANDS_FOR = {"ms": "seconds", "us": "seconds"}


def parse_call_query(text: str) -> Query:
    """Return the parsed query.

    Raises:
        QueryError: a term has an unknown name or an invalid value.
    """
    return parse_by(text, CALLS)


def matching(query: Query, calls: Sequence[Call]) -> list[int]:
    """Return the places of the calls that all words and terms of a query match."""
    words = query.words.lower().split()
    tests = [(term.test, _read(term.field)) for term in query.terms]
    found = []
    for place, call in enumerate(calls):
        if all(value is not None and test(value) for test, read in tests for value in (read(call),)):
            if words:
                text = searched_text(call)
                if not all(word in text for word in words):
                    continue
            found.append(place)
    return found


def _read(field: str) -> Callable[[Call], object]:
    if field == "kind":
        return _kinds_of
    return searched_text if field == "path" else VALUES[field]


def _kinds_of(call: Call) -> object:
    kinds = {"failed": call.failed, "noted": call.remark(), "loop": call.repeat > 1}
    return (call.kind, *(name for name, holds in kinds.items() if holds))


def _term(piece: str, name: str, sign: str, value: str) -> Term:
    if name in _TEXTS:
        if sign in ("<", "<=", ">", ">="):
            raise QueryError(f"{in_quotes(piece)}: {name} is no number", f"Write {name}:{in_quotes(value, '')}.")
        return _text_term(piece, name, value.lower())
    units, example = _UNITS.get(name, ({"": 1.0, "k": 1e3, "m": 1e6}, f"{name}>0"))
    field = _STANDS_FOR.get(name, name)
    return number_term(piece, field, sign, value, units, example)


def _text_term(piece: str, name: str, value: str) -> Term:
    wanted = tuple(filter(None, value.split(",")))
    if name == "kind":
        if not all(any(kind.startswith(each) for kind in _KINDS) for each in wanted):
            raise QueryError(f"There is no kind of call as in {in_quotes(piece)}", f"There are {', '.join(_KINDS)}.")
        return Term(name, lambda found: any(str(kind).startswith(wanted) for kind in _several(found)))
    if name == "op":
        return Term(name, lambda found: str(found).lower().startswith(wanted))
    if name == "where" and re.search(r"(^|:)\d+$", value):  # a whole line number: line 1 is not line 12
        return Term(name, lambda found: f":{found}".lower().endswith(f":{value}"))
    return Term(name, lambda found: any(each in str(found).lower() for each in wanted))


def _several(found: object) -> Sequence[object]:
    return found if isinstance(found, tuple) else (found,)


CALLS = Grammar(_NAMES, _KNOWN, _term)
"""What the table of calls is filtered by."""
