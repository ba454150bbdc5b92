"""Paths as panes write them: what everything in a pane has in common is left out."""

from __future__ import annotations


def name_below(path: str, shown: str | None) -> str:
    """Return `path` from the module `shown` on; of a group (`layers.[0–79]`), from what holds its siblings on."""
    if not shown:
        return path
    if path == shown:
        return path.rpartition(".")[2]
    below = f"{shown}."
    if not path.startswith(below) and "." in shown:
        below = f"{shown.rpartition('.')[0]}."
    return path.removeprefix(below)
