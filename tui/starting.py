"""Starts the engine and then the explorer, in this order: torch is imported while the first frame is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.command_line import Options


def explore(options: Options) -> int:
    """Run the explorer until the person leaves it; returns the exit status."""
    from models.engine.launch import launch_for

    launch = launch_for(python=options.python, command=options.engine, preload=options.source is not None)
    launch.begin()
    try:
        from tui.app import ModulescopeApp

        app = ModulescopeApp(options, launch)
        app.run()
    finally:
        launch.abandon()
    return app.return_code or 0
