"""A result goes where standard output goes, whatever standard error is."""

from __future__ import annotations

import os
import pty
import shlex
import subprocess
from pathlib import Path

import pytest

from models.commands.output import _plain
from tests.cases import slow_but
from tests.models.commands.headless import command, environment, strict


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


@pytest.mark.parametrize(
    "command_line", slow_but(1, [["show", "rgnet"], ["show", "rgnet", "--json"], ["diff", "rgnet", "rgnet"]])
)
def test_a_closed_standard_output_is_reported(tmp_path: Path, command_line: list[str]) -> None:
    done = in_shell(command_line, ">&-", tmp_path)
    assert (done.returncode, done.stderr) == (
        2,
        "modulescope: cannot write the result: standard output is closed\n",
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("name", slow_but(1, ["show", "stats", "run", "console"]))
def test_a_full_disk_is_reported(tmp_path: Path, name: str) -> None:
    done = in_shell([name, "rgnet"], "> /dev/full", tmp_path)
    assert (done.returncode, done.stderr) == (
        2,
        "modulescope: cannot write the result: No space left on device\n",
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("line", slow_but(2, ["show rgnet --help", "diff --help", "--help", "--version"]))
def test_help_that_cannot_be_written_is_reported(tmp_path: Path, line: str) -> None:
    done = in_shell(line.split(), "> /dev/full", tmp_path)
    assert (done.returncode, done.stderr) == (
        2,
        "modulescope: cannot write the result: No space left on device\n",
    )


def test_both_closed_is_still_a_status(tmp_path: Path) -> None:
    assert in_shell(["show", "rgnet"], ">&- 2>&-", tmp_path).returncode == 2


def in_shell(arguments: list[str], redirected: str, folder: Path) -> subprocess.CompletedProcess[str]:
    line = f"{shlex.join(command(*arguments))} {redirected}"
    return subprocess.run(
        ["sh", "-c", line], input="1\n", capture_output=True, text=True, cwd=folder, env=environment(), timeout=60
    )


def test_a_name_that_is_no_utf_8_gives_valid_json(tmp_path: Path) -> None:
    name = b"caf\xe9.safetensors"
    header = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    with open(os.fsencode(tmp_path) + b"/" + name, "wb") as file:
        file.write(len(header).to_bytes(8, "little") + header + bytes(4))
    line = [os.fsencode(each) for each in command("show")]
    for arguments in ([name, b"--json"], [name], [b"no" + name]):
        done = subprocess.run([*line, *arguments], capture_output=True, cwd=tmp_path, env=environment(), timeout=60)
        done.stdout.decode()
        done.stderr.decode()
        if arguments == [name, b"--json"]:
            assert strict(done.stdout.decode())["source"] == "caf\\xe9.safetensors"
            assert b"\\ud" not in done.stdout.lower()
        if arguments == [b"no" + name]:
            assert (done.returncode, b"nocaf\\" in done.stderr) == (2, True)


def test_halves_of_surrogate_pairs_are_text() -> None:
    assert _plain({"\udcff": ["\ud800", "\U0001f600", "\\udcff"]}) == {"\\xff": ["\\ud800", "\U0001f600", "\\udcff"]}
