"""Facts, source code and path forms of one object."""

from __future__ import annotations

from .base import Body, BodyPart
from .limits import Depth, Line, Parts, Text
from .places import Place


class Describe(Body):
    """Read the facts of the object, or call, at `path`; answered by `Description`."""

    path: Place


class Fact(BodyPart):
    """One labelled line of the Info pane."""

    label: Text
    text: Text
    """One or more lines, cut to 2,000 characters."""
    path: Place | None = None
    """Where the fact leads, such as another name of a shared tensor; None for nowhere."""
    depth: Depth = 0
    """Level below the other facts of its group, which may be headings without a text."""
    one_line: bool = False
    """Whether it is a line of a drawing, and so is shortened rather than wrapped where there is no room."""


class FactGroup(BodyPart):
    """Facts under one title."""

    title: Text
    facts: Parts[Fact]


class Description(Body):
    """The facts of the object at `path`."""

    path: Place
    groups: Parts[FactGroup]


class SourceCode(Body):
    """Read the code of the class of the module that is at `path` or holds it, of a call the code with its line.

    Answered by `SourceText`.
    """

    path: Place


class SourceText(Body):
    """The code of a module's class."""

    path: Place
    class_name: Text
    text: Text = ""
    """The code, dedented, at most 2,000 lines; empty when there is none: then `reason` says why."""
    file: Text | None = None
    """Path of its file; None when there is none."""
    first_line: Line = 1
    """Line number in the file of the first line of `text`."""
    forward_line: Line | None = None
    """Line number in the file at which `forward` starts; None where it has none of its own."""
    call_line: Line | None = None
    """Line number in the file of the line that led to the call; None for what is no call, and where it is unknown."""
    reason: Text = ""
    """A sentence for the user when there is no code."""
    made_file: Text | None = None
    """Path of the user's own file that makes the module; None where that is not known."""
    made_line: Line = 1
    """Line in it."""


class PathForms(Body):
    """List the forms in which `path` can be copied; answered by `Forms`, the plain key first."""

    path: Text


class PathForm(BodyPart):
    """One form of a path, to be copied."""

    label: Text
    text: Text
    """At most 100,000 characters."""
    cut: bool = False
    """Whether `text` was cut to that."""


class Forms(Body):
    """The forms of the path `path`."""

    path: Text
    forms: Parts[PathForm]
