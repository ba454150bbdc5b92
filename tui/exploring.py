"""`explore(net)`: the interface in the terminal of a program that runs, a REPL or a debugger.

The interface is a child process that owns the terminal; the engine is in the user's own process, on the live object.
The other way round was weighed: Textual in the user's process needs an event loop beside the one that may be running
there, the main thread for its signals, and the name `models`, which is most projects' own.  A child needs none of that,
looks and reacts as always, and when it crashes the user's program goes on.

Owns the terminal's way there and back.  The engine is loaded by its path under a private name: in this process
`models` may be somebody else's.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from tui.terminal import give_back, refusal_within, terminal_settings

ROOT = Path(__file__).resolve().parent.parent
START = """\
import sys
sys.path[0] = sys.argv[1]
import tui
sys.path.append(sys.path.pop(0))
from tui.attached import main
sys.exit(main(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
"""
"""The interface's own packages by their place, whatever else the folder holds in which the program runs."""
PATIENCE = 10.0
"""Seconds for an interface that has said goodbye to end."""

_exploring = threading.Lock()


class NoTerminal(RuntimeError):
    """Raised where there is no terminal for the interface; the message says what to do instead."""


def explore_live(model: object, inputs: tuple[object, ...], named: dict[str, object], frame: FrameType) -> None:
    """Do what `tui.explore` does for the code of `frame`; raise as it does."""
    if reason := refusal_within():
        raise NoTerminal(reason)
    if not _exploring.acquire(blocking=False):
        raise RuntimeError("something is explored already: leave it first, with q")
    try:
        _check_installed()
        engine = _engine("engine.embedded")
        try:
            source = _engine("sources.live_object").live_source(model, inputs, named, frame)
        except _engine("opened.source").SourceError as error:
            raise TypeError(f"{error.title}: explore() shows an nn.Module, or a dict or list of them") from None
        with _interface(source.source) as interface:
            engine.serve_embedded(interface.read, interface.write, source, interface.wait)
        if interface.status:
            with contextlib.suppress(OSError, ValueError, AttributeError):  # of a terminal that is gone, closed, None
                print(f"modulescope: {interface.exit_reason()}; your program goes on", file=sys.stderr)
    finally:
        _exploring.release()


def _check_installed() -> None:
    for package in ("msgspec", "textual"):
        if importlib.util.find_spec(package) is None:
            raise RuntimeError(f"explore() needs {package}: {sys.executable} -m pip install {package}")
    if not sys.executable:
        raise RuntimeError("this program does not know its Python, which explore() starts the interface with")


def _engine(name: str) -> Any:
    """A module of our `models`, under its private name."""
    boot = sys.modules.get("modulescope_boot")
    if boot is None:
        spec = importlib.util.spec_from_file_location("modulescope_boot", ROOT / "models" / "engine" / "boot.py")
        if spec is None or spec.loader is None:
            raise ImportError(f"modulescope is not installed whole: {ROOT / 'models'} is missing")
        boot = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(boot)
        sys.modules["modulescope_boot"] = boot
    boot.load()
    return importlib.import_module(f"{boot.PRIVATE}.{name}")


class _Interface:
    """The child process, the two pipes to it, and the terminal as it was before.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, source: str) -> None:
        self._terminal = os.dup(1)  # descriptor 1 is borrowed meanwhile
        self._settings = terminal_settings(self._terminal)
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):  # a stand-in of the user's
                stream.flush()
        read_there, self.write = os.pipe()
        self.read, write_there = os.pipe()
        arguments = [str(ROOT), str(read_there), str(write_there), source]
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", START, *arguments],
                stdin=0,
                stdout=1,
                stderr=1,  # where Textual draws: the user's may lead to a file
                pass_fds=(read_there, write_there),
            )
        except BaseException:
            for descriptor in (self.read, self.write, self._terminal):
                os.close(descriptor)
            raise
        finally:
            os.close(read_there)
            os.close(write_there)

    @property
    def status(self) -> int:
        """How it ended; 0 when the user left it."""
        return self._process.returncode or 0

    def exit_reason(self) -> str:
        """How it ended, for the user."""
        how = f"status {self.status}" if self.status > 0 else f"signal {-self.status}"
        return f"the interface ended with {how}"

    def wait(self) -> None:
        """Wait for its end, and have the terminal as it was."""
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._give_back()

    def kill(self) -> None:
        """End it, if it is still there."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
            self._give_back()

    def close(self) -> None:
        """Let go of the terminal."""
        with contextlib.suppress(OSError):  # the program closed it
            os.close(self._terminal)

    def _give_back(self) -> None:
        give_back(self._settings, self._terminal, undo=bool(self.status))


@contextlib.contextmanager
def _interface(source: str) -> Iterator[_Interface]:
    interface = _Interface(source)
    try:
        yield interface
    finally:
        interface.kill()
        interface.close()
