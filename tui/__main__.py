"""The command line: `python -m tui`, and the console script `modulescope`.

Opens the explorer, or hands a headless command to the model layer in a process of its own.
"""

from __future__ import annotations

import signal
import sys

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback out of an import; `main` takes it over

from tui.ending import ENDING
from tui.pinning import leave_current_folder, pin_models
from tui.terminal import fill_streams

pin_models()


def main(argv: list[str] | None = None) -> int:
    """Run the program for `argv`, the arguments of this process when None.

    Returns:
        The exit status: 0 done, 2 wrong usage, 130 interrupted, or that of a headless command.
    """
    try:
        fill_streams()
        ENDING.install()
        return _main(argv)
    except KeyboardInterrupt:  # before it was installed
        return 130
    except Exception:
        if ENDING.status is None:
            raise
        return ENDING.status  # of a signal: what it raised within an import may have become another error


def _main(argv: list[str] | None) -> int:
    leave_current_folder()
    from models.engine.command_table import COMMANDS
    from tui.command_line import parse_options

    arguments = sys.argv[1:] if argv is None else argv
    if arguments and arguments[0] in [command.name for command in COMMANDS]:
        from tui.headless import hand_over

        return hand_over(arguments)
    options = parse_options(arguments)
    from tui.terminal import refusal

    reason = refusal()
    if reason:
        print(f"modulescope: {reason}", file=sys.stderr)
        return 2
    from tui.starting import run_explorer

    return run_explorer(options)


if __name__ == "__main__":
    raise SystemExit(main())
