"""Plays a session against the program, step by step, and leaves it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path

import psutil

from .findings import Finding
from .keyboard import bytes_of
from .looking import HOME_SIZE, Looking, Outcome, Trouble
from .program import Ended, Frozen, Program
from .session import Session, Step
from .sources import ROOT, Source
from .within.sitecustomize import PATH as TASKS

FAULTS = "MODULESCOPE_FAULTS"
"""Names the file to which the program appends the traceback of each fault that it survived."""
WITHIN = Path(__file__).parent / "within"
"""Where Python finds what it imports in each program that is played."""
START = 60.0
"""Seconds for the first frame."""
AFTER = 0.4
"""Seconds in which the last step may show what it did."""
PASTE_ENDS = (b"\x1b[200~", b"\x1b[201~")


class Player(Looking):
    """Plays one session once.

    Args:
        session: what to play.
        source: what `session.source` names.
        folder: where the files of the sources are.
        patience: seconds for everything that must happen.
        leave: look at how the program is left; else it is killed after the last step.
    """

    def __init__(
        self, session: Session, source: Source, folder: Path, patience: float = 10.0, leave: bool = True
    ) -> None:
        super().__init__(source, patience)
        self.leave = leave
        self.session = session
        self.folder = folder

    def play(self) -> Outcome:
        """Start the program, play the steps as far as it lives, leave it, and kill what is left."""
        own = Path(tempfile.mkdtemp(prefix="modulescope-fuzz-"))
        (own / "settings.json").write_text('{"welcomed": true}')
        self.faults, self.tasks = own / "faults", own / "tasks"
        environment = {
            "PYTHONPATH": f"{WITHIN}{os.pathsep}{ROOT}", "MODULESCOPE_STATE": str(own), FAULTS: str(self.faults),
            "PYTHONFAULTHANDLER": "1", "EDITOR": "true", "PYTHONDONTWRITEBYTECODE": "1", TASKS: str(self.tasks),
        }  # fmt: skip
        session, outcome = self.session, self.outcome
        command = self.source.command(self.folder)
        self.program = Program(command, session.size, own, environment, session.answers, self.patience)
        try:
            self._start()
            for step in session.steps:
                outcome.used += 1
                self._perform(step)
                self._look_for_faults()
            outcome.left = True
            if self.leave:
                self._leave()
            else:
                self._wait(AFTER)
                self._look_for_faults()
        except Ended:
            outcome.finding = self._judge(session.leave if outcome.left and self.leave else None)
        except Frozen as frozen:
            outcome.finding = self._freeze(str(frozen))
        except Trouble as trouble:
            outcome.finding = trouble.finding
        finally:
            self.program.kill()
            shutil.rmtree(own, ignore_errors=True)
        return outcome

    # -- steps
    def _start(self) -> None:
        until = time.monotonic() + START
        while 1049 not in self.program.modes:
            self.program.pump(0.1)
            if self.program.ended:
                raise Ended
            if time.monotonic() > until:
                raise Frozen("never starts")
        self.program.rest(0.05, 1.0)

    def _perform(self, step: Step) -> None:
        program, what = self.program, step.what
        match step.do:
            case "keys" | "calm" | "burst":
                self.outcome.keys += len(what)
                data = [bytes_of(key) for key in what]
                for each in [b"".join(data)] if step.do == "burst" else data:
                    self._write(each)
                    if step.do == "calm":
                        self._rest()
                if step.do == "burst":
                    program.pump(0.01)
            case "paste":
                begin, end = PASTE_ENDS
                self._write(begin + what.encode("utf-8", "replace") + end)
            case "statement":
                self._write(b">")
                self._rest()
                begin, end = PASTE_ENDS
                self._write(begin + what.encode("utf-8", "replace") + end + b"\r\r")
                self._rest()
            case "raw":
                self._write(what.encode("latin-1"))
            case "mouse":
                self._mouse(*what)
            case "drag":
                self._mouse("press", what[0], what[1], 0)
                self._mouse("move", (what[0] + what[2]) // 2, (what[1] + what[3]) // 2, 32)
                self._mouse("move", what[2], what[3], 32)
                self._mouse("release", what[2], what[3], 0)
            case "resize":
                for columns, rows in what:
                    program.resize(columns, rows)
                    program.pump(0.002)
            case "engine":
                self._signal_engine(what)
            case "signal":
                for process in self._interface():
                    process.send_signal(getattr(signal, what))
            case "quiet":
                self._rest()
            case "probe":
                self._probe()
                self._check_all()
            case _:
                raise ValueError(f"no step: {step.do!r}")
        if program.ended:
            raise Ended

    def _mouse(self, kind: str, column: int, row: int, button: int) -> None:
        if 1016 in self.program.modes:  # in pixels
            column, row = column * 8, row * 16
        place = b"%d;%d" % (column + 1, row + 1)
        press, release = b"\x1b[<%d;%sM" % (button, place), b"\x1b[<%d;%sm" % (button, place)
        move = b"\x1b[<%d;%sM" % (button | 32 if button else 35, place)
        data = {
            "press": press,
            "release": release,
            "move": move,
            "wheel": press,
            "click": press + release,
            "double": (press + release) * 2,
        }
        self._write(data[kind])
        if kind != "move":
            self.program.pump(0.005)

    def _signal_engine(self, name: str) -> None:
        self._stopped = name == "SIGSTOP" or (self._stopped and name != "SIGCONT")
        if not self.source.attached:
            for process in self.program.named(self.source.engine):
                if process.pid != self.program.process.pid:
                    with contextlib.suppress(psutil.Error):
                        process.send_signal(getattr(signal, name))

    # -- the end
    def _leave(self) -> None:
        """Close whatever is open, look whether everything is there, and leave as the session says."""
        program, leave = self.program, self.session.leave
        if program.size[0] < HOME_SIZE[0] or program.size[1] < HOME_SIZE[1]:
            program.resize(*HOME_SIZE)
        self._recent = []
        self._settle()
        if leave in ("q", "ctrl+q"):
            if leave == "q":
                self._go_home()
            self._write(bytes_of(leave))
        elif leave == "hang up":
            program.hang_up()
        else:
            for process in self._interface():
                process.send_signal(getattr(signal, leave))
        if leave == "q" and not self._wait_end():
            self._go_home()  # a screen that opened by itself, as the catalogue does where opening failed, took the key
            self._write(bytes_of(leave))
        if not self._wait_end():
            if leave == "q":
                picture = self._picture()
                self._write(bytes_of("ctrl+q"))
                if self._wait_end():
                    raise Trouble(Finding("freeze", "q does not quit after Escape, ctrl+q does", picture))
            raise Frozen(f"does not end on {leave}")
        raise Ended

    def _go_home(self) -> None:
        program = self.program
        self._write(PASTE_ENDS[1])  # a paste that was cut off takes every key in
        for _ in range(self.source.escapes):
            self._write(b"\x1b")
            self._rest()
        self._settle()
        self._probe()
        self._look_for_faults()
        self._check_all()
        for key in ("", "\x1b", "Z"):  # a box may have come late, or one pane have the whole screen
            if key:
                self._write(key.encode())
            text = self._picture(self._probe(quiet=0.3))
            if any(home in text for home in self.source.home):
                break
        else:
            raise Trouble(Finding("screen", "what stands after Escape is not the explorer", text))
        if key == "Z":
            self._write(b"Z")
        program.rest()


def play(session: Session, source: Source, folder: Path, patience: float = 10.0, leave: bool = True) -> Outcome:
    """Play `session` once, from one start of the program to its end, or to the last step when it need not `leave`."""
    return Player(session, source, folder, patience, leave).play()
