"""A result goes where standard output goes, whatever standard error is."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

from tests.models.commands.headless import command, environment


def test_a_result_into_a_file_from_a_terminal(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with (tmp_path / "out").open("w") as out:
        done = subprocess.run(
            command("show", "rgnet"), stdout=out, stderr=theirs, cwd=tmp_path, env=environment(), timeout=60
        )
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 0
    assert "309 parameters" in (tmp_path / "out").read_text()
