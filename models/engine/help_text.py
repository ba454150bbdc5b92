"""What `--help` and `--version` print, which is a result as any other: where it cannot be written, that is told."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from typing import Any

WRONG_USE = 2


class TellsHelp(argparse.ArgumentParser):
    """argparse itself says nothing of what it cannot print."""

    def _print_message(self, message: str, file: Any = None) -> None:
        if not message or file is None or file is not sys.stdout:
            super()._print_message(message, file)
            return
        try:
            file.write(message)
            file.flush()
        except BrokenPipeError:  # a reader that went away (`| head`)
            _drop()
        except OSError as error:
            _drop()
            self.exit(WRONG_USE, f"modulescope: cannot write the result: {error.strerror}\n")


def _drop() -> None:
    """What the stream still holds has to go somewhere when Python ends."""
    with contextlib.suppress(OSError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.close(nothing)
