"""The text of a user's line of which `file.py:12` is known."""

from __future__ import annotations

import linecache

from .where import files_named


def line_text(where: str) -> str:
    """Return the line at `file.py:12`, stripped; empty where no file that ran has that name, or more than one."""
    name, _, number = where.rpartition(":")
    if not name or not number.isdigit():
        return ""
    files = files_named(name)
    return linecache.getline(files[0], int(number)).strip() if len(files) == 1 else ""
