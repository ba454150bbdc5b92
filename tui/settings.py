"""What is remembered between starts.

A folder that cannot be read or written
costs a user their settings and nothing else: no function here raises.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from models.engine.state_folder import state_folder


class Settings:
    """The few settings, read once and written when one changes.

    Two programs at once: the one that writes last wins, key by key, because a write reads what is there first.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.path = (folder or state_folder()) / "settings.json"
        self._values = self._read()

    @property
    def theme(self) -> str | None:
        """Return the name of the theme that the user chose; None for no choice."""
        value = self._values.get("theme")
        return value if isinstance(value, str) else None

    @theme.setter
    def theme(self, name: str) -> None:
        self._write("theme", name)

    @property
    def welcomed(self) -> bool:
        """Return whether the hint of the first start was shown before."""
        return self._values.get("welcomed") is True

    @welcomed.setter
    def welcomed(self, value: bool) -> None:
        self._write("welcomed", value)

    @property
    def reopen_on_save(self) -> bool:
        """Return whether what is open is opened anew at each save of its files."""
        return self._values.get("reopen_on_save") is True

    @reopen_on_save.setter
    def reopen_on_save(self, value: bool) -> None:
        self._write("reopen_on_save", value)

    def _read(self) -> dict[str, object]:
        try:
            values = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return values if isinstance(values, dict) else {}

    def _write(self, key: str, value: object) -> None:
        self._values = {**self._values, **self._read(), key: value}
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # A name of its own: two programs may write at once, and a reader never sees half a file.
            beside = self.path.with_name(f"{self.path.name}.{os.getpid()}")
            beside.write_text(json.dumps(self._values, indent=1), encoding="utf-8")
            beside.replace(self.path)
