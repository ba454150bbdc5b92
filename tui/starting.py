"""Starts the engine and then the explorer, in this order: torch is imported while the first frame is made."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from tui.ending import ENDING
from tui.terminal import forget_claimed_size, survive_odd_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.engine.client import EngineClient, Pause
    from models.messages import Body
    from models.messages.errors import EngineGone
    from tui.app import ModulescopeApp
    from tui.command_line import CommandOptions


def needs_torch(options: CommandOptions) -> bool:
    """Return whether torch should be imported at once: not for files of weights, which are shown without it."""
    source = options.source
    if source is None or options.trust:
        return True
    return not is_of_files(source)


def is_of_files(source: str) -> bool:
    """Return whether a source is a file or folder, or a pattern of them: no code of a user's runs to open it."""
    return os.path.lexists(source) or any(each in source for each in "*?")


class HeadStart:
    """How the app's engines are started: the first one at once, before Textual is imported."""

    def __init__(self, options: CommandOptions) -> None:
        self.options = options
        self._process: subprocess.Popen[bytes] | None = None
        if options.engine is None:
            from models.engine.spawning import local_command, spawn

            with suppress(OSError):  # `start` tries again, and reports it
                torch = needs_torch(options)
                command = local_command(options.python, preload=torch, ahead=None if torch else options.source)
                self._process = spawn(command, dies_with_us=True)

    async def start(
        self,
        *,
        on_event: Callable[[Body], Pause],
        on_stderr: Callable[[str], Pause],
        on_gone: Callable[[EngineGone], None],
    ) -> EngineClient:
        """Return the engine that started ahead; from the second time on a new one.

        Raises:
            EngineGone: there is none to talk to; the title says why.
        """
        from models.engine.launch import Launch

        options = self.options
        if options.engine:
            launch = Launch.command(options.engine)
        else:
            launch = Launch.local(options.python, preload=needs_torch(options))
        process, self._process = self._process, None
        return await launch.start(process=process, on_event=on_event, on_stderr=on_stderr, on_gone=on_gone)

    def abandon(self) -> None:
        """Kill the engine that started ahead, if nobody took it."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


def run_explorer(options: CommandOptions) -> int:
    """Run the explorer until the user leaves it, or something ends it; return the exit status."""
    engines = HeadStart(options)
    ENDING.at_last.append(engines.abandon)
    forget_claimed_size(os.environ)
    try:
        from tui.app import ModulescopeApp

        app = ModulescopeApp(options, engines)
        ENDING.at_last.append(lambda: app.link.kill())
        return run_app(app)
    finally:
        engines.abandon()


def run_app(app: ModulescopeApp) -> int:
    """Run the app in this terminal; return the exit status, of whatever ended it."""
    survive_odd_bytes()
    if os.name == "posix":
        from tui.ascii import NOTE, ascii_only
        from tui.driver import TerminalDriver

        app.driver_class = TerminalDriver
        if reason := ascii_only(os.environ):
            app._with_explorer(lambda explorer: explorer.log_to_console(NOTE.format(reason)))

    def leave(status: int) -> bool:
        loop = app._loop
        if loop is None:
            return False
        try:
            loop.call_soon_threadsafe(partial(app.exit, status, return_code=status))
        except RuntimeError:  # it is closed
            return False
        return True

    def report_stuck() -> None:
        from models.engine.fault_file import keep_traceback
        from tui.awaits import waiting_report

        keep_traceback(f"The app did not leave after the key that quits.\n{waiting_report(app._loop)}")

    ENDING.leave = leave
    ENDING.report_stuck = report_stuck
    app.run()
    ENDING.over()
    if ENDING.status is not None:
        return ENDING.status
    if app.ended_by:
        from tui.text import clean

        print(f"modulescope: {clean(app.ended_by, 1000)}", file=sys.stderr)
    return 1 if app.return_code is None else app.return_code
