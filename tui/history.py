"""The console's history, kept between starts: one JSON string a line, so that an entry may have several lines.

Entries are only ever appended, each in one write, so that two programs at once keep each other's.  The file is made
shorter at a start, under a lock.  A folder that cannot be used is survived; `note` then says so.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from models.engine.state_folder import state_folder

if sys.platform != "win32":
    import fcntl

LIMIT = 1_000
"""Entries that are kept."""
LONGEST_ENTRY = 100_000
"""Characters; a longer statement is not remembered."""


def merged_history(entries: Iterable[str], limit: int = LIMIT) -> list[str]:
    """Return the last `limit` different entries, oldest first; of equal ones the latest stays."""
    latest = dict.fromkeys(reversed(list(entries)))
    return list(latest)[:limit][::-1]


class History:
    """The statements typed so far, oldest first, and a walk through them with Up and Down."""

    def __init__(self, folder: Path | None = None) -> None:
        self.path = (folder or state_folder()) / "history"
        self.note = ""
        """Why nothing is kept, or empty."""
        self.entries: list[str] = []
        self._at: int | None = None
        self._prefix = ""
        self._draft = ""
        self._load()

    def add(self, text: str) -> None:
        """Remember a statement; ends the walk."""
        self.reset()
        text = text.rstrip()
        if not text or len(text) > LONGEST_ENTRY:
            return
        if self.entries and self.entries[-1] == text:
            return
        with suppress(ValueError):
            self.entries.remove(text)
        self.entries.append(text)
        del self.entries[:-LIMIT]
        self._append(text)

    def older(self, text: str, prefix: str) -> str | None:
        """Return the next older entry that starts with `prefix`, or None at the end.

        `text` and `prefix` (the prompt, and what is before its cursor) count only at the start of a walk.
        """
        if self._at is None:
            self._draft, self._prefix, start = text, prefix, len(self.entries)
        else:
            start = self._at
        for index in range(start - 1, -1, -1):
            if self._suits(index, text):
                self._at = index
                return self.entries[index]
        return None

    def newer(self, text: str) -> str | None:
        """Return the next newer entry of the walk, at last what was typed before it; None when there is no walk."""
        if self._at is None:
            return None
        for index in range(self._at + 1, len(self.entries)):
            if self._suits(index, text):
                self._at = index
                return self.entries[index]
        draft = self._draft
        self.reset()
        return draft

    def reset(self) -> None:
        """End the walk: the user typed something."""
        self._at = None

    def _suits(self, index: int, text: str) -> bool:
        entry = self.entries[index]
        return entry.startswith(self._prefix) and entry != text

    def _load(self) -> None:
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return
        except OSError as error:
            self._unusable(error)
            return
        self.entries = merged_history(_entries(lines))
        if len(lines) > 2 * LIMIT:
            self._shorten()

    def _append(self, text: str) -> None:
        if self.note:
            return
        line = json.dumps(text).encode() + b"\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._locked():
                handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
                try:
                    os.write(handle, line)
                finally:
                    os.close(handle)
        except OSError as error:
            self._unusable(error)

    def _shorten(self) -> None:
        with suppress(OSError), self._locked() as locked:
            if not locked:
                return
            entries = merged_history(_entries(self.path.read_bytes().splitlines()))
            beside = self.path.with_name(f"history.{os.getpid()}")
            beside.touch(0o600)
            beside.write_bytes(b"".join(json.dumps(entry).encode() + b"\n" for entry in entries))
            beside.replace(self.path)

    @contextmanager
    def _locked(self) -> Iterator[bool]:
        """Keep other programs from replacing the file meanwhile; False when they could not be kept from it."""
        if sys.platform == "win32":
            yield False
            return
        handle = os.open(self.path.with_name("history.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # The lock is held for milliseconds; whoever hangs with it must not hang this program too.
            for _ in range(20):
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    time.sleep(0.002)
                else:
                    yield True
                    return
            yield False
        finally:
            os.close(handle)

    def _unusable(self, error: OSError) -> None:
        self.note = f"The console's history is not kept: {error.strerror or error} ({self.path})"


def _entries(lines: Iterable[bytes]) -> Iterator[str]:
    for line in lines:
        # A line that another program or a full disk spoilt costs that line.
        with suppress(ValueError, RecursionError):
            entry = json.loads(line)
            if isinstance(entry, str) and entry:
                yield entry
