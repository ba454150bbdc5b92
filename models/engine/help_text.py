"""Printing of `--help` and `--version`, a result as any other: an error is reported where it cannot be written."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from typing import Any

WRONG_USE = 2
"""Exit status."""


class HelpParser(argparse.ArgumentParser):
    """An argument parser that reports help which cannot be printed; argparse itself is silent."""

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
    """Point descriptor 1 at the null device, for what the stream still holds when Python ends."""
    with contextlib.suppress(OSError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.close(nothing)
