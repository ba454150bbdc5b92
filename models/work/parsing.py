"""Parsing Python source, safely beside other threads that do the same.  Must not import torch."""

from __future__ import annotations

import ast
from typing import Literal

from .gc_paused import gc_paused


def parse_python(text: str | bytes, file: str = "<unknown>", mode: Literal["exec", "eval"] = "exec") -> ast.AST:
    """Return the syntax tree of `text` as `ast.parse(text, file, mode)` does, and raise as it does.

    Python 3.11 and 3.12 count the depth of the tree for all threads in one place: a collection of garbage, whose
    finalizers may let another thread parse, would have it fail ("AST constructor recursion depth mismatch").
    """
    with gc_paused():
        return ast.parse(text, file, mode)
