"""What a line that writes in place is written as instead, so that it gives a new tensor."""

from __future__ import annotations

import re

_ASSIGNED = re.compile(r"([\w.]+(?:\[[^\]=]*\])?)\s*(\*\*|//|[-+*/@|&^])=\s*(.+?)\s*(?:#.*)?$")


def assigned_anew(line: str) -> str:
    """Return `write h = h + 1 instead of h += 1`; empty for any other line, and where a part is assigned."""
    assigned = _ASSIGNED.match(line)
    if assigned is None or "[" in assigned[1]:
        return ""
    name, sign, value = assigned.groups()
    return f"write {name} = {name} {sign} {value} instead of {name} {sign}= {value}"


def computed_anew(line: str) -> str:
    """Return `self.h + 1` of `self.h += 1`; empty for any other line, and where what is assigned is no attribute.

    A parameter is an attribute to which no other tensor can be assigned.
    """
    assigned = _ASSIGNED.match(line)
    return f"{assigned[1]} {assigned[2]} {assigned[3]}" if assigned is not None and "." in assigned[1] else ""


def assigns_part(line: str) -> bool:
    """Return whether a line is one such as `h[0] += 1`."""
    assigned = _ASSIGNED.match(line)
    return assigned is not None and "[" in assigned[1]
