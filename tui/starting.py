"""Starts the engine and then the explorer, in this order: torch is imported while the first frame is made."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.command_line import Options


def explore(options: Options) -> int:
    """Run the explorer until the person leaves it; returns the exit status."""
    from models.engine.errors import EngineGone
    from models.engine.launch import HeadStart, Launch

    try:
        way = Launch.command(options.engine) if options.engine else Launch.local(options.python, preload=True)
        launch = HeadStart(way)
    except EngineGone as gone:
        print(f"modulescope: {gone.title}", file=sys.stderr)
        return 2
    try:
        from tui.app import ModulescopeApp

        app = ModulescopeApp(options, launch)
        app.run()
    finally:
        launch.abandon()
    return app.return_code or 0
