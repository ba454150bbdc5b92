"""The terms of a query: conditions on a tensor's dtype, shape, size or statistics."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isclose
from operator import ge, gt, le, lt

STATISTICS = ("minimum", "maximum", "absmax", "mean", "std", "l2", "zeros", "nan", "inf", "nonfinite")
"""Fields of `Brief` that a term may name."""
DIFFERENCES = ("status", "severity", "how_much", "relative_l2", "max_abs", "cosine")
"""Fields of `RowDifference` that a term may name, or the table be sorted by."""

_COUNTED = ("zeros", "nan", "inf", "nonfinite")
"""Those that count elements, and may be compared as a part of all."""
_FRACTIONS = (
    "minimum", "maximum", "absmax", "mean", "std", "l2", "min", "max", "how_much", "relative_l2", "max_abs", "cosine",
)  # fmt: skip
"""Names whose values are seldom whole: as shown on the screen they are rounded."""
_KINDS = ("parameter", "buffer", "constant", "state")
_STATUSES = ("equal", "close", "changed", "dtype", "shape", "only_a", "only_b", "unreadable")
_COMPARED: dict[str, Callable[[float, float], bool]] = {">": gt, ">=": ge, "<": lt, "<=": le}
_NUMBER = re.compile(r"([-+]?(?:\d[\d_,]*\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*([a-zµμ%]*)", re.IGNORECASE)
BYTES = {f"{prefix}{unit}": 1024**power for power, prefix in enumerate(("", *"kmgtp")) for unit in ("", "b", "ib")}
COUNTS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "g": 10**9, "t": 10**12}
_TYPES = {
    **{f"{short}{bits}": f"float{bits}" for short in ("f", "fp") for bits in (4, 6, 8, 16, 32, 64)},
    **{
        f"{short}{bits}": f"{long}{bits}"
        for short, long in (("i", "int"), ("u", "uint"))
        for bits in (4, 8, 16, 32, 64)
    },
    **{f"c{bits}": f"complex{bits}" for bits in (32, 64, 128)},
    "half": "float16",
    "single": "float32",
    "double": "float64",
    "short": "int16",
    "long": "int64",
    "bf16": "bfloat16",
    "e4m3": "float8_e4m3",
    "e5m2": "float8_e5m2",
    "byte": "uint8",
    "boolean": "bool",
}


class QueryError(Exception):
    """Raised for a term that cannot be parsed: `title` names it, `remedy` says what is valid."""

    def __init__(self, title: str, remedy: str) -> None:
        super().__init__(title)
        self.title = title
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Term:
    """One condition.  `test` is given a known value of `field`; an unknown value does not match."""

    field: str
    """`path`, `dtype`, `bytes`, `elements`, `shape`, `rank`, `kind`, `place`, of `STATISTICS` or of `DIFFERENCES`."""
    test: Callable[[object], bool]
    """Returns whether a value matches."""
    relative: bool = False
    """Whether `test` is given the value divided by the number of the tensor's elements."""


def negated(term: Term) -> Term:
    """Return the term that matches the known values that `term` does not; one that is still typed stays as it is."""
    return term if term.test is _anything else Term(term.field, lambda value: not term.test(value), term.relative)


def _anything(value: object) -> bool:
    return True


def without(word: str) -> Term:
    """Return a term on the path: it must not hold `word`, in any case."""
    word = word.lower()
    return Term("path", lambda path: word not in str(path).lower())


def text_term(piece: str, name: str, sign: str, value: str) -> Term:
    """Return a term on text: `dtype:bf16,f32` and `kind:buffer` match the beginning, `place:00002` anywhere.

    `piece` is the whole term, for errors.  Case is ignored.

    Raises:
        QueryError: `sign` compares numbers, or there is no such kind.
    """
    if sign in _COMPARED:
        raise QueryError(f"{in_quotes(piece)}: {name} is no number", f"Write {name}:{in_quotes(value, '')}.")
    value = value.lower()
    if name == "place":
        return Term(name, lambda found: value in str(found).lower())
    wanted = tuple(filter(None, value.replace("torch.", "").split(",")))
    if name == "dtype":
        wanted += tuple(_TYPES[each] for each in wanted if each in _TYPES)
    else:
        known, what = (_STATUSES, "status") if name == "status" else (_KINDS, "kind of tensor")
        if not all(any(each_known.startswith(each) for each_known in known) for each in wanted):
            raise QueryError(f"There is no {what} as in {in_quotes(piece)}", f"There are {', '.join(known)}.")
    return Term(name, (lambda found: str(found).lower().startswith(wanted)) if wanted else _anything)


def shape_term(piece: str, sign: str, value: str) -> Term:
    """Return a term on the shape: `shape:4096` matches any dimension; `shape:4096x*`, `shape:...x64` all of them.

    `*` is any one dimension, `...` any number of them.  `piece` is the whole term, for errors.

    Raises:
        QueryError: `sign` compares numbers, or `value` is no shape.
    """
    parts = [part for part in re.split(r"[x×,;\s()\[\]]+", value.lower().replace("…", "...")) if part]
    right = "Write shape:4096 for a dimension, shape:4096x* or shape:[*,4096] for all of them, shape:[] for none."
    if sign in _COMPARED:
        raise QueryError(f"{in_quotes(piece)}: a shape is no number", f"{right} Use elements{sign} or rank{sign}.")
    pattern: list[int | str] = []
    for part in parts:
        if part in ("*", "?", "..."):
            pattern.append("*" if part == "?" else part)
        elif part.isascii() and part.isdecimal() and len(part) < 20:
            pattern.append(int(part))
        else:
            raise QueryError(f"{in_quotes(part)} is no dimension in {in_quotes(piece)}", right)
    if pattern.count("...") > 1:
        raise QueryError(f"{in_quotes(piece)} leaves out dimensions twice", "Write ... once, as in shape:2x...x64.")
    if len(pattern) == 1 and "[" not in value and "(" not in value:
        return Term("shape", lambda found: pattern == ["*"] or pattern[0] in _dimensions(found))
    if not pattern and "]" not in value and ")" not in value:  # not yet typed
        return Term("shape", _anything)
    return Term("shape", lambda found: _fits(_dimensions(found), pattern))


def _dimensions(found: object) -> Sequence[int]:
    return found if isinstance(found, tuple) else ()


def _fits(shape: Sequence[int], pattern: Sequence[int | str]) -> bool:
    if "..." in pattern:
        at = pattern.index("...")
        after = len(pattern) - at - 1
        if len(shape) < at + after:
            return False
        return _fits(shape[:at], pattern[:at]) and _fits(shape[len(shape) - after :], pattern[at + 1 :])
    return len(shape) == len(pattern) and all(each in ("*", size) for size, each in zip(shape, pattern, strict=True))


def number_term(
    piece: str, name: str, sign: str, value: str, units: Mapping[str, float] | None = None, example: str = ""
) -> Term:
    """Return a term on a number: `size>1MB` in powers of 1024, `elements<1M` of 1000, `zeros>50%`, `std<1e-3`.

    With `:`, a value that has a unit or a fraction matches as it is rounded on the screen, to three digits.  `piece` is
    the whole term, for errors; `units` and `example` are those of a name that the table of tensors does not have.

    Raises:
        QueryError: `value` is no number, or its unit is not one of `name`.
    """
    found = _NUMBER.fullmatch(value)
    unit = found[2].lower() if found else ""
    own = units is not None
    units = {"bytes": BYTES, "elements": COUNTS}.get(name, {"": 1, "%": 0.01}) if units is None else units
    if found is None or unit not in units or (unit == "%" and name not in _COUNTED and not own):
        examples = {"bytes": "size>1MB, size<=4k or size:0", "elements": "elements>1M", "zeros": "zeros>50%"}
        shown = example or examples.get(
            name, f"{name}>{'0' if name in ('nan', 'inf', 'nonfinite') else '2' if name == 'rank' else '1e-3'}"
        )
        raise QueryError(f"{in_quotes(value)} is no number in {in_quotes(piece)}", f"Write it as in {shown}.")
    wanted = float(found[1].replace("_", "").replace(",", "")) * units[unit]
    compare = _COMPARED.get(sign)
    if compare is None:
        exact = unit == "" and wanted.is_integer() and name not in _FRACTIONS
        compare = _same if exact or wanted == 0 else _close
    return Term(name, lambda value: isinstance(value, (int, float)) and compare(value, wanted), unit == "%")


def _same(value: float, wanted: float) -> bool:
    return value == wanted


def _close(value: float, wanted: float) -> bool:
    return isclose(value, wanted, rel_tol=5e-3)


def in_quotes(text: str, mark: str = "'") -> str:
    """Return `text` between two `mark`s for a message, cut to 40 characters."""
    return f"{mark}{text if len(text) <= 40 else text[:39] + '…'}{mark}"
