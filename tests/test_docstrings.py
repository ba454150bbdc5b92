"""What is public says what it does: a class in a noun phrase, a function by a verb, with what None and a bool mean.

A method that a base class documents, ours or Textual's, needs no docstring of its own; nor does a handler of Textual's
(`on_…`, `watch_…`), whose name says when it is called.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
FILES = sorted(path for package in ("models", "tui") for path in (ROOT / package).rglob("*.py"))
HANDLER = re.compile("on_|watch_|__")
NO_VERB = re.compile(
    "(A|An|The|What|Where|Whether|Which|Who|Why|When|How|One|Of|All|Each|Those|This|That|It|Its|In|As|Same|Also|If|For|No"
    "|Not|Two|Every|See|Some|Several)$"
)
"""First words of a docstring that says what something is, not what it does."""


class Public(NamedTuple):
    """A class, function or method that others use."""

    name: str
    node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    holder: str
    """Names of the classes that hold it; empty for none."""

    @property
    def text(self) -> str:
        return ast.get_docstring(self.node) or ""

    @property
    def returns(self) -> str:
        """The annotation of what it returns; empty for a class."""
        found = None if isinstance(self.node, ast.ClassDef) else self.node.returns
        return "" if found is None else ast.unparse(found)


def public(body: list[ast.stmt], holder: str = "") -> Iterator[Public]:
    for node in body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
            continue
        if any(ast.unparse(each).endswith((".setter", "overload")) for each in node.decorator_list):
            continue
        yield Public(f"{holder}{node.name}", node, holder)
        if isinstance(node, ast.ClassDef):
            yield from public(node.body, f"{holder}{node.name}.")


def of_file(file: Path) -> list[Public]:
    return list(public(ast.parse(file.read_text(encoding="utf-8")).body))


def is_inherited(file: Path, each: Public) -> bool:
    """Whether a base class documents a method."""
    found: object = importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
    for name in each.holder.strip(".").split("."):
        found = getattr(found, name)
    bases = inspect.getmro(found)[1:] if inspect.isclass(found) else ()
    name = each.node.name
    return any(inspect.getdoc(vars(base)[name]) for base in bases if name in vars(base))


@cache
def every() -> list[tuple[Path, Public]]:
    """All that is public, with its file."""
    return [(file, each) for file in FILES for each in of_file(file)]


def named(found: list[tuple[Path, Public]]) -> list[str]:
    """The places of what is not as it should be, to go to."""
    return [f"{file.relative_to(ROOT)}:{each.node.lineno} {each.name}" for file, each in found]


def test_what_is_public_has_a_docstring() -> None:
    missing = [(file, each) for file, each in every() if not each.text]
    missing = [(file, each) for file, each in missing if not (each.holder and HANDLER.match(each.node.name))]
    assert named([(file, each) for file, each in missing if not (each.holder and is_inherited(file, each))]) == []


def begins_well(each: Public) -> bool:
    """Whether a docstring begins with a verb; of a class, with no small letter."""
    first = re.split(r"[\s,;:]", each.text, maxsplit=1)[0]
    if isinstance(each.node, ast.ClassDef):
        return not first[0].islower()
    return re.fullmatch("[A-Z][a-z]+", first) is not None and not NO_VERB.match(first)


def test_a_docstring_begins_with_a_verb_and_of_a_class_with_a_capital() -> None:
    assert named([(file, each) for file, each in every() if each.text and not begins_well(each)]) == []


def says_what_it_means(each: Public) -> bool:
    """Whether a docstring says what None means, or True and False, where such an answer can come."""
    if each.returns in ("bool", "bool | None"):
        return re.search(r"\b[Ww]hether\b|\bTrue\b|\bFalse\b|\bNone\b", each.text) is not None
    return not each.returns.endswith(" | None") or re.search(r"\bNone\b|\bempty\b", each.text) is not None


def test_what_may_be_none_or_a_bool_says_what_that_means() -> None:
    assert named([(file, each) for file, each in every() if each.text and not says_what_it_means(each)]) == []
