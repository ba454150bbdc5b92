"""Everything else that is known of one object: facts, source code, the forms of its path."""

from __future__ import annotations

from .base import Body, Record


class Describe(Body):
    """Facts of the object at `path`; answered by `Description`."""

    path: str


class Fact(Record):
    label: str
    text: str
    """One or more lines, cut to 2,000 characters."""
    path: str | None = None
    """Where the fact leads: the twin that shares it, say."""
    depth: int = 0
    """How deep it lies below other facts of its group, which may be headings without a text."""


class FactGroup(Record):
    title: str
    facts: list[Fact]


class Description(Body):
    path: str
    groups: list[FactGroup]


class SourceCode(Body):
    """The code of the class of the module at (or holding) `path`; answered by `SourceText`."""

    path: str


class SourceText(Body):
    path: str
    class_name: str
    text: str = ""
    """The code of the class, dedented, at most 2,000 lines; empty when there is none: then `reason` says why."""
    file: str | None = None
    first_line: int = 1
    """Line number of the text's first line in the file."""
    forward_line: int | None = None
    """Line number in the file at which `forward` starts."""
    reason: str = ""


class PathForms(Body):
    """The forms in which `path` can be copied; answered by `Forms`, the plain key first."""

    path: str


class PathForm(Record):
    label: str
    text: str
    """Cut to 100,000 characters, with `cut` set."""
    cut: bool = False


class Forms(Body):
    path: str
    forms: list[PathForm]
