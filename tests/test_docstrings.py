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
from pathlib import Path
from typing import NamedTuple

import pytest

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


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_what_is_public_has_a_docstring(file: Path) -> None:
    missing = [each for each in of_file(file) if not each.text]
    missing = [each for each in missing if not (each.holder and HANDLER.match(each.node.name))]
    assert [each.name for each in missing if not (each.holder and is_inherited(file, each))] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_docstring_begins_with_a_verb_and_of_a_class_with_a_capital(file: Path) -> None:
    for each in of_file(file):
        first = re.split(r"[\s,;:]", each.text, maxsplit=1)[0]
        if isinstance(each.node, ast.ClassDef):
            assert not first or not first[0].islower(), each.name
        elif first:
            assert re.fullmatch("[A-Z][a-z]+", first), f"{each.name} begins with {first}"
            assert not NO_VERB.match(first), f"{each.name} begins with {first}: Return, Yield, Show …?"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_what_may_be_none_or_a_bool_says_what_that_means(file: Path) -> None:
    for each in of_file(file):
        if each.returns in ("bool", "bool | None"):
            assert re.search(r"\b[Ww]hether\b|\bTrue\b|\bFalse\b|\bNone\b", each.text) or not each.text, each.name
        elif each.returns.endswith(" | None"):
            assert re.search(r"\bNone\b|\bempty\b", each.text) or not each.text, each.name
