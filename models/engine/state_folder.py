"""The folder of modulescope's own files."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def state_folder() -> Path:
    """Return `$MODULESCOPE_STATE`, else `modulescope` in the XDG state folder; it may not exist yet.

    https://specifications.freedesktop.org/basedir-spec/latest/
    """
    if own := os.environ.get("MODULESCOPE_STATE"):
        return Path(own)
    base = os.environ.get("XDG_STATE_HOME", "")
    # The specification: a relative path is to be ignored.
    if Path(base).is_absolute():
        return Path(base) / "modulescope"
    with suppress(RuntimeError):  # no home
        return Path.home() / ".local" / "state" / "modulescope"
    return Path(tempfile.gettempdir()) / "modulescope"
