"""Opens what the corpus holds in the program, and says what is wrong with what came of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from .case import SENTINEL, Case, Opened, Refused

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MEMORY = 1 << 30
"""Bytes of addresses that the program may have."""
PEAK = 250 << 20
"""Bytes of memory that it may take."""
SECONDS = 60

_RAW = re.compile(
    "[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
"""What must never reach a terminal: control characters, C1 too, and those that are invisible or turn the text."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of the program."""

    status: int
    out: bytes
    err: bytes
    peak: int
    seconds: float


class Server:
    """`with Server(folder, good) as server:` runs commands quickly; what they print is kept in `folder` meanwhile."""

    def __init__(self, folder: Path, good: list[Path]) -> None:
        self._folder = folder
        self._good = good

    def __enter__(self) -> Server:
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "server.py"), *map(str, self._good)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(SECONDS)
        self._process.stdout.close()

    def run(self, *arguments: str, folder: Path) -> Ran:
        """The headless command in a child of the server, started in `folder`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        out, err = self._folder / "out", self._folder / "err"
        request = {
            "arguments": arguments, "out": str(out), "err": str(err), "folder": str(folder), "memory": MEMORY,
            "seconds": SECONDS,
        }  # fmt: skip
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return Ran(answer["status"], out.read_bytes(), err.read_bytes(), answer["peak"], answer["seconds"])


def faults(case: Case, ran: Ran, *, as_json: bool) -> list[str]:
    """What is wrong with a run of `show` for this case; nothing when all is as it must be."""
    found = []
    try:
        out, err = ran.out.decode(), ran.err.decode()
    except UnicodeDecodeError as error:
        return [f"prints what is no UTF-8: {error}"]
    if ran.status < 0:
        found.append(f"ended by signal {-ran.status} after {ran.seconds:.0f} s")
    if "Traceback" in err or "MemoryError" in err:
        found.append(f"a traceback: {err[-1500:]}")
    raw = _RAW.search(out) or _RAW.search(err)
    if raw:
        found.append(f"a raw control character {raw.group()!r} in {(out + err)[max(0, raw.start() - 40) :][:80]!r}")
    if ran.peak > PEAK:
        found.append(f"took {ran.peak / 2**20:.0f} MB")
    if isinstance(case.expected, Refused):
        return found + _faults_refused(case.expected, ran, out, err)
    return found + _faults_opened(case.expected, ran, out, err, as_json=as_json)


def _faults_refused(expected: Refused, ran: Ran, out: str, err: str) -> list[str]:
    found = []
    if ran.status != 2:
        found.append(f"status {ran.status}, not 2; printed {out[:300]!r}")
    if out and ran.status == 2:
        found.append(f"prints {out[:100]!r} all the same")
    if err.count("\n") != 1 or not err.endswith("\n"):
        found.append(f"{err.count(chr(10))} lines on stderr: {err[-1500:]!r}")
    if len(err) > 2000:
        found.append(f"a line of {len(err):,} characters")
    if not re.search(expected.pattern, err):
        found.append(f"does not say {expected.pattern!r} but {err[:600]!r}")
    return found


def _faults_opened(expected: Opened, ran: Ran, out: str, err: str, *, as_json: bool) -> list[str]:
    if ran.status != 0:
        return [f"status {ran.status}, not 0: {err[-600:]!r}"]
    found = [f"writes to stderr: {err[:300]!r}"] if err else []
    if not as_json:
        if expected.warning and not re.search(f"warning: .*(?:{expected.warning})", out):
            found.append(f"no warning that says {expected.warning!r} in {out[-600:]!r}")
        return found
    report: dict[str, Any] = json.loads(out)
    tensors = {each["path"]: (each["shape"], each["dtype"]) for each in report["tensors"]}
    if expected.tensors is not None and tensors != expected.tensors:
        found.append(f"has {str(tensors)[:300]}, not {str(expected.tensors)[:300]}")
    if expected.count is not None and len(report["tensors"]) != expected.count:
        found.append(f"has {len(report['tensors'])} tensors, not {expected.count}")
    if expected.warning and not any(re.search(expected.warning, each) for each in report["warnings"]):
        found.append(f"no warning that says {expected.warning!r} among {str(report['warnings'])[:600]}")
    return found


def listing(folder: Path) -> dict[str, tuple[int, int, int]]:
    """All that is below a folder, with what shows whether it was written to."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        found[str(path)] = (status.st_mtime_ns, status.st_size, status.st_mode)
    return found


def ran_code(folder: Path) -> bool:
    """Whether a hostile file did what it wants."""
    return (folder / SENTINEL).exists()


def program(arguments: Sequence[str], folder: Path) -> Ran:
    """The program itself, started as a user does, with bounded memory."""
    return measured([sys.executable, "-m", "tui", *arguments], folder)


def measured(command: Sequence[str], folder: Path) -> Ran:
    """A command run in `folder` with bounded memory; what it took is its own, however large this process is."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as answer:
        to = answer.fileno()
        subprocess.run(
            [sys.executable, "-S", str(HERE / "launcher.py"), *map(str, (to, MEMORY, SECONDS)), *command],
            stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=folder, env=environment, pass_fds=[to], check=True,
        )  # fmt: skip
        for each in (out, err, answer):
            each.seek(0)
        ended = json.load(answer)
        return Ran(ended["status"], out.read(), err.read(), ended["peak"], ended["seconds"])
