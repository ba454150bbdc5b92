"""SPEC of the command line: what one input of a network is, without torch.

2x20                          float32, uniform in [0, 1)
int64[1,64]<50257             integers from 0 below a bound
bfloat16[2,3,224,224]~normal  another distribution
float32[]                     a scalar
mask=bool[2,16]~ones          a keyword argument
"""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from math import prod

FLOATS = ("float32", "float64", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2")
COMPLEX = ("complex64", "complex128")
INTEGERS = {"int64": 63, "int32": 31, "int16": 15, "int8": 7, "uint8": 8}
"""With the number of bits of a value that is not negative."""
DTYPES = (*FLOATS, *COMPLEX, *INTEGERS, "bool")
SHORT = {"float": "float32", "double": "float64", "half": "float16", "int": "int32", "long": "int64"}
"""Torch's other names of some of them."""
FILLS = ("uniform", "normal", "zeros", "ones")
DEFAULT_BOUND = 10
"""Of integers for which none is given."""
EXAMPLES = "such as 2x20, int64[1,64]<50257, bfloat16[2,3,224,224]~normal or mask=bool[2,16]"

_SPEC = re.compile(
    r"(?:(?P<name>[^\W\d]\w*)\s*=)?\s*"
    r"(?:(?P<sizes>[0-9]{1,18}(?:\s*[x×]\s*[0-9]{1,18})*)|(?P<dtype>\w+)\s*\[(?P<list>[^\]]*)\])\s*"
    r"(?:<\s*(?P<bound>[0-9]{1,18}))?\s*(?:~\s*(?P<fill>\w+))?"
)


class SpecError(ValueError):
    """Raised for an input that cannot be made: `title` is the cause in one line, `remedy` what to write instead."""

    def __init__(self, title: str, remedy: str = "") -> None:
        super().__init__(f"{title}; {remedy}" if remedy else title)
        self.title = title
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class InputSpec:
    """One input: a positional argument, or the keyword argument `name`."""

    shape: tuple[int, ...]
    dtype: str = "float32"
    fill: str = "uniform"
    bound: int | None = None
    """Integers are drawn from 0 to `bound - 1`; None for every other dtype or fill."""
    name: str | None = None

    def __str__(self) -> str:
        """Return the SPEC that `parse_spec` reads back as this one."""
        short = self.dtype == "float32" and self.shape
        text = "x".join(map(str, self.shape)) if short else f"{self.dtype}[{','.join(map(str, self.shape))}]"
        bound = "" if self.bound is None else f"<{self.bound}"
        fill = "" if self.fill == "uniform" else f"~{self.fill}"
        name = "" if self.name is None else f"{self.name}="
        return f"{name}{text}{bound}{fill}"


def parse_spec(text: str) -> InputSpec:
    """Return the input that one SPEC of the command line names.

    Raises:
        SpecError: `text` is no SPEC; it says what is wrong and what would be right.
    """
    match = _SPEC.fullmatch(text.strip())
    if match is None:
        raise SpecError(f"{_quoted(text)} is no input", f"write a shape and perhaps a dtype, {EXAMPLES}")
    shape = _shape(text, match)
    dtype = SHORT.get(match["dtype"] or "", match["dtype"] or "float32")
    if dtype not in DTYPES:
        raise SpecError(f"{_quoted(dtype)} is no dtype of an input", f"take one of {', '.join(DTYPES)}")
    fill = match["fill"] or "uniform"
    if fill not in FILLS:
        raise SpecError(f"{_quoted(fill)} is no way to fill an input", f"take one of {', '.join(FILLS)}")
    if fill == "normal" and dtype not in (*FLOATS, *COMPLEX):
        raise SpecError(f"{dtype} cannot be normally distributed", f"leave ~normal out, or write {dtype}[…]<BOUND")
    name = match["name"]
    if name is not None and keyword.iskeyword(name):
        raise SpecError(f"{_quoted(name)} cannot name an argument", "it is a keyword of Python")
    return InputSpec(shape, dtype, fill, _bound(text, match["bound"], dtype, fill), name)


def expression(spec: InputSpec) -> str:
    """Return the torch code that makes this input: `torch.rand(2, 20)`."""
    sizes = ", ".join(map(str, spec.shape))
    narrow = spec.dtype.startswith("float8")
    made_as = "float32" if narrow else spec.dtype
    dtype = "" if made_as == "float32" else f"dtype=torch.{made_as}"
    if spec.bound is not None or (spec.dtype == "bool" and spec.fill == "uniform"):
        size = f"({sizes},)" if len(spec.shape) == 1 else f"({sizes})"
        bound = 2 if spec.bound is None else spec.bound
        return f"torch.randint({bound}, {size}{'' if spec.dtype == 'int64' else f', {dtype}'})"
    function = {"uniform": "rand", "normal": "randn"}.get(spec.fill, spec.fill)
    arguments = ", ".join(part for part in (sizes or "()", dtype) if part)
    return f"torch.{function}({arguments})" + (f".to(torch.{spec.dtype})" if narrow else "")


def spec_elements(spec: InputSpec) -> int:
    """Return how many elements the input has."""
    return prod(spec.shape)


def _shape(text: str, match: re.Match[str]) -> tuple[int, ...]:
    if match["sizes"]:
        return tuple(int(size) for size in re.split(r"\s*[x×]\s*", match["sizes"]))
    sizes = [size.strip() for size in match["list"].split(",")] if match["list"].strip() else []
    if not all(re.fullmatch(r"[0-9]{1,18}", size) for size in sizes):
        raise SpecError(f"{_quoted(text)} has no shape", "write sizes in the brackets, such as [2,20]; [] is a scalar")
    return tuple(map(int, sizes))


def _bound(text: str, written: str | None, dtype: str, fill: str) -> int | None:
    if dtype not in INTEGERS or fill != "uniform":
        if written is not None:
            raise SpecError(f"{_quoted(text)}: a bound is for random integers", f"write int64[…]<{written}")
        return None
    bound = DEFAULT_BOUND if written is None else int(written)
    if bound < 1:
        raise SpecError(f"{_quoted(text)}: there is no integer from 0 below 0", "the bound is at least 1")
    if bound > 2 ** INTEGERS[dtype]:
        raise SpecError(f"{_quoted(text)}: {dtype} ends before {bound}", "take int64, or a smaller bound")
    return bound


def _quoted(text: str) -> str:
    return ascii(text if len(text) <= 60 else text[:59] + "…")
