"""Looking into folders below one that was named: how deep, at how many names, and never in a circle."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path
from typing import NamedTuple

DEPTH_LIMIT = 6
"""Folders inside one another that are looked into, at most: a run, a version, its checkpoints, a step, a rank."""
NAME_LIMIT = 100_000
"""Names of one folder that are looked at, at most."""
TOTAL_LIMIT = 200_000
"""Names in all folders that are looked at, at most: a second of looking on a disk."""
_SKIPPED = frozenset(("node_modules", "site-packages", "blobs", "refs"))
"""Folders that hold no weights under their own names: `blobs` are those of the Hub's cache, named by `snapshots`."""


class FolderListing(NamedTuple):
    """The names in a folder, as far as they were looked at."""

    path: Path
    files: frozenset[str]
    folders: list[str]
    """In natural order of their names; hidden ones are left out."""


class Looker:
    """Lists folders, each once; `limited` says afterwards whether something was left out, and why."""

    def __init__(self) -> None:
        self._left = TOTAL_LIMIT
        self._seen: set[tuple[int, int]] = set()
        self.limited: list[str] = []
        """Words for what was not looked at."""

    def listing(self, path: Path, depth: int = 0) -> FolderListing | None:
        """Return what is in a folder; None where it was looked at before, is too deep, or may not be read."""
        from ...tree.natural import natural_key

        if depth > DEPTH_LIMIT:
            return None
        try:
            status = path.stat()
            place = (status.st_dev, status.st_ino)
            if place in self._seen:  # a link back to it
                return None
            self._seen.add(place)
            files, folders = self._names(path)
        except OSError as error:
            if depth:
                self.limited.append(f"{path.name} could not be looked into: {error.strerror or error}")
            return None
        return FolderListing(path, frozenset(files), sorted(folders, key=natural_key))

    def _names(self, path: Path) -> tuple[list[str], list[str]]:
        files, folders = [], []
        limit = min(self._left, NAME_LIMIT)
        count = 0
        with os.scandir(path) as entries:
            for entry in islice(entries, limit):
                count += 1
                if not entry.is_dir():
                    files.append(entry.name)
                elif not entry.name.startswith((".", "__")) and entry.name not in _SKIPPED:
                    folders.append(entry.name)
        self._left -= count
        if count == limit:
            self.limited.append(f"of {path.name} only {count:,} names were looked at")
        return files, folders
