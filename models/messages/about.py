"""Everything else that is known of one object: facts, source code, the forms of its path."""

from __future__ import annotations

from .base import Body, Record
from .limits import Depth, Line, Parts, Text


class Describe(Body):
    """Facts of the object at `path`; answered by `Description`."""

    path: Text


class Fact(Record):
    label: Text
    text: Text
    """One or more lines, cut to 2,000 characters."""
    path: Text | None = None
    """Where the fact leads: the twin that shares it, say."""
    depth: Depth = 0
    """How deep it lies below other facts of its group, which may be headings without a text."""


class FactGroup(Record):
    title: Text
    facts: Parts[Fact]


class Description(Body):
    path: Text
    groups: Parts[FactGroup]


class SourceCode(Body):
    """The code of the class of the module at (or holding) `path`; answered by `SourceText`."""

    path: Text


class SourceText(Body):
    path: Text
    class_name: Text
    text: Text = ""
    """The code of the class, dedented, at most 2,000 lines; empty when there is none: then `reason` says why."""
    file: Text | None = None
    first_line: Line = 1
    """Line number of the text's first line in the file."""
    forward_line: Line | None = None
    """Line number in the file at which `forward` starts."""
    reason: Text = ""


class PathForms(Body):
    """The forms in which `path` can be copied; answered by `Forms`, the plain key first."""

    path: Text


class PathForm(Record):
    label: Text
    text: Text
    """Cut to 100,000 characters, with `cut` set."""
    cut: bool = False


class Forms(Body):
    path: Text
    forms: Parts[PathForm]
