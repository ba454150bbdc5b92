"""What is typed to change elements, as Python: which elements (`3, :`), and what they become (`0.5`, `*= 2`, a matrix).

Nothing here is evaluated: an index is made of integers, slices and `...`, a value is a literal.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import torch

LONGEST = 50_000
"""Characters of a text."""
NUMBER = bool | int | float | complex
_OPERATOR = re.compile(r"\s*(?P<operator>\*=|\+=|-=|/=|\*|/)\s*(?P<value>.*)", re.DOTALL)
_WORDS = {"nan": math.nan, "inf": math.inf, "+inf": math.inf, "-inf": -math.inf, "true": True, "false": False}
_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)


class EditError(Exception):
    """A text says nothing that can be done; the message is for the user."""


@dataclass(frozen=True)
class Where:
    """Some elements of a tensor."""

    index: str
    """The subscript in Python, without brackets: `3, 17`, `:, 0:4`, `...`."""
    shape: tuple[int, ...]
    """The shape of what the subscript gives."""
    start: tuple[int, ...]
    """The index of the first of them, in the whole tensor."""
    is_element: bool
    """Whether each dimension has one integer."""


@dataclass(frozen=True)
class What:
    """What elements become."""

    operator: str
    """`=`, `*=`, `+=`, `-=` or `/=`."""
    value: str
    """In Python."""
    shape: tuple[int, ...] | None
    """Of several numbers; None for one."""
    number: NUMBER
    """The number; of several the first."""


def parse_where(text: str, shape: Sequence[int]) -> Where:
    """Return which elements of a tensor of `shape` a subscript means; an empty one means all.

    Raises:
        EditError: it is no subscript, or none of this shape, or means no element.
    """
    inner = text.strip()[:LONGEST].removeprefix("[").removesuffix("]").strip().rstrip(",")
    parts = [part.strip() for part in inner.split(",")] if inner else ["..."]
    if parts.count("...") > 1:
        raise EditError("“...” may stand once")
    if "..." in parts and len(parts) > 1:
        at = parts.index("...")
        parts[at : at + 1] = [":"] * (len(shape) + 1 - len(parts))
    if parts == ["..."]:
        if 0 in shape:
            raise EditError("the tensor has no elements")
        return Where("...", tuple(shape), (0,) * len(shape), is_element=not shape)
    if len(parts) > len(shape):
        raise EditError(f"shape {list(shape)} takes at most {len(shape)} of these, not {len(parts)}")
    parsed = [_part(part, size, at) for at, (part, size) in enumerate(zip(parts, shape, strict=False))]
    rest = [(":", size, 0) for size in shape[len(parts) :]]
    sizes = tuple(size for _, size, _ in (*parsed, *rest) if size is not None)
    if 0 in sizes:
        raise EditError("these are no elements")
    start = tuple(first for _, _, first in (*parsed, *rest))
    is_element = not sizes and len(parsed) == len(shape)
    return Where(", ".join(part for part, _, _ in parsed), sizes, start, is_element)


def _part(text: str, size: int, dimension: int) -> tuple[str, int | None, int]:
    """Return one part of a subscript in Python, how many indices it means (None for an integer), and the first."""
    if ":" not in text:
        index = _index(text)
        if not -size <= index < size:
            raise EditError(f"{index} is outside dimension {dimension}: 0 to {size - 1}")
        return str(index % size), None, index % size
    bounds = [None if not bound.strip() else _index(bound) for bound in text.split(":")]
    if len(bounds) > 3 or (len(bounds) == 3 and bounds[2] is not None and bounds[2] < 1):
        raise EditError("a slice is “start:stop”, or “start:stop:step” with a step of 1 or more")
    chosen = range(size)[slice(*bounds)]
    return ":".join(bound.strip() for bound in text.split(":")), len(chosen), chosen.start if len(chosen) else 0


def _index(text: str) -> int:
    if not _INTEGER.fullmatch(text.strip()):
        raise EditError(f"“{text.strip()[:20]}” is no whole number, slice or “...”")
    return int(text)


def window_from(where: Where, block: Sequence[int], shape: Sequence[int]) -> Where:
    """Return the window of the form of `block` that begins at an element.

    Raises:
        EditError: it reaches beyond the tensor.
    """
    if len(block) > len(shape):
        raise EditError(f"{_by(block)} numbers for a tensor of shape {list(shape)}")
    sizes = [1] * (len(shape) - len(block)) + list(block)
    ends = [first + size for first, size in zip(where.start, sizes, strict=True)]
    if any(end > size for end, size in zip(ends, shape, strict=True)):
        raise EditError(f"{_by(block)} numbers from {list(where.start)} reach beyond the shape {list(shape)}")
    lead = len(shape) - len(block)
    parts = [str(first) for first in where.start[:lead]]
    parts += [f"{first}:{end}" for first, end in zip(where.start[lead:], ends[lead:], strict=True)]
    return Where(", ".join(parts), tuple(block), where.start, is_element=False)


def parse_what(text: str, dtype: torch.dtype) -> What:
    """Return what elements of `dtype` become.

    Raises:
        EditError: it is no number, list of numbers, or operator with a number; or none that `dtype` holds.
    """
    if len(text) > LONGEST:
        raise EditError(f"{len(text):,} characters are too many here: use the console")
    found = _OPERATOR.fullmatch(text)
    operator, rest = (found["operator"], found["value"]) if found else ("=", text.strip().removeprefix("=").strip())
    operator = operator if operator.endswith("=") else f"{operator}="
    if not rest.strip():
        raise EditError("a number, nan, inf, *= 2, += 1, or a pasted block")
    value = _literal(rest)
    if isinstance(value, list):
        shape, numbers = _shape(value), list(_numbers(value))
        if operator != "=":
            raise EditError("an operator takes one number")
    else:
        shape, numbers = None, [value]
    for number in numbers:
        _check(number, dtype, operator)
    integral = not (dtype.is_floating_point or dtype.is_complex) and operator != "/="
    shown = _python(value, integral and dtype != torch.bool)
    if shape is not None:
        shown = f"torch.tensor({shown})"
    return What(operator, shown, shape, numbers[0])


def _literal(text: str) -> NUMBER | list[object]:
    word = _WORDS.get(text.strip().lower())
    if word is not None:
        return word
    try:
        value = ast.literal_eval(_quoted_words(text.strip()))
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        raise EditError(f"“{text.strip()[:30]}” is no number: for anything else there is the console") from None
    value = _with_words(value)
    if isinstance(value, list) and not value:
        raise EditError("there is no number in it")
    if not isinstance(value, (bool, int, float, complex, list)):
        raise EditError(f"“{text.strip()[:30]}” is no number: for anything else there is the console")
    return value


def _quoted_words(text: str) -> str:
    """Return a list with `nan` and `inf` in quotes, as Python has no literal for them."""
    return re.sub(r"(?<![\w.'])[+-]?(?:nan|inf)(?![\w.'])", lambda found: repr(found[0]), text, flags=re.IGNORECASE)


def _with_words(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return [_with_words(item) for item in value]
    return _WORDS.get(value.lower(), value) if isinstance(value, str) else value


def _shape(value: list[object]) -> tuple[int, ...]:
    below = {_shape(item) if isinstance(item, list) else () for item in value}
    if len(below) > 1:
        raise EditError("its rows are not equally long")
    return len(value), *below.pop()


def _numbers(value: list[object]) -> list[NUMBER]:
    found: list[NUMBER] = []
    for item in value:
        if isinstance(item, list):
            if not item:
                raise EditError("there is no number in it")
            found += _numbers(item)
        elif isinstance(item, (bool, int, float, complex)):
            found.append(item)
        else:
            raise EditError(f"“{str(item)[:30]}” is no number")
    return found


def _check(number: NUMBER, dtype: torch.dtype, operator: str) -> None:
    """Raise EditError when elements of `dtype` do not hold a number, or cannot be changed by it."""
    name = str(dtype).removeprefix("torch.")
    if dtype == torch.bool:
        if operator != "=" or number not in (0, 1):
            raise EditError("a bool is True or False")
        return
    if dtype.is_complex:
        return
    if isinstance(number, complex):
        raise EditError(f"{number} is complex, and these are {name}")
    if operator == "/=" and number == 0:
        raise EditError("nothing can be divided by zero" if not dtype.is_floating_point else "by zero: use = inf")
    if dtype.is_floating_point:
        limit = torch.finfo(dtype).max
        if abs(number) > limit and number not in (math.inf, -math.inf):
            raise EditError(f"that is more than {name} holds, which is {limit:g}; an infinity is written as inf")
        return
    if isinstance(number, float) and not number.is_integer():
        raise EditError(f"{number} is no whole number, and these are {name}")
    if operator == "/=":
        raise EditError(f"{name} cannot be divided in place")
    bounds = torch.iinfo(dtype)
    if not bounds.min <= int(number) <= bounds.max:
        raise EditError(f"{int(number)} is outside {name}: {bounds.min} to {bounds.max}")


def _python(value: object, integral: bool) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_python(item, integral) for item in value)}]"
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    return repr(int(value)) if integral and isinstance(value, (bool, int, float)) else repr(value)


def _by(sizes: Sequence[int]) -> str:
    return " x ".join(map(str, sizes))
