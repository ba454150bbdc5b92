"""Every DEFAULT_CSS in tui/: each type that a rule is for is a class that is there, or the rule does nothing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import textual.containers
import textual.screen
import textual.scrollbar
import textual.widgets
from textual.widget import Widget

import tui

FILES = sorted(Path(tui.__file__).parent.rglob("*.py"))
TREES = {file: ast.parse(file.read_text(encoding="utf-8")) for file in FILES}
OWN = {node.name for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
TEXTUAL = {
    name
    for module in (textual.containers, textual.screen, textual.scrollbar)
    for name, each in vars(module).items()
    if isinstance(each, type) and issubclass(each, Widget)
}


def sheets(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and target.id in ("DEFAULT_CSS", "CSS"):
            value = getattr(node, "value", None)
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.value


def test_every_rule_is_for_a_class_that_is_there() -> None:
    known = OWN | TEXTUAL | set(textual.widgets.__all__) | {"Toast", "ToastRack", "Tooltip"}
    for file in FILES:
        for sheet in sheets(TREES[file]):
            types = set(re.findall(r"(?<![\w.#$-])[A-Z]\w+", re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)))
            assert types <= known, (file, types - known)
