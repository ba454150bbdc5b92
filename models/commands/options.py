"""Options that the headless commands have in common, and where their results go."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any, NoReturn, TextIO


class Parser(argparse.ArgumentParser):
    """One line per error of use: what was wrong and what would be right."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def parser_for(command: str, description: str) -> Parser:
    """A parser with SOURCE, `--seed`, `--device` and `--json`."""
    parser = Parser(prog=f"modulescope {command}", description=description, allow_abbrev=False)
    parser.add_argument("source", metavar="SOURCE", help="catalogue name, FILE.py:NAME or package.module:NAME")
    parser.add_argument("--seed", type=int, metavar="N", help="torch.manual_seed(N) before the network is built")
    parser.add_argument("--device", metavar="D", help="where the network is moved to")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    return parser


def add_inputs(parser: Parser) -> None:
    """Add `--input SPEC`, which may come several times."""
    parser.add_argument("--input", action="append", default=[], metavar="SPEC", help="one input, such as 2x20")


def result_stream() -> TextIO:
    """Where the result goes: standard output, kept for it alone.

    Whatever the person's code prints, from Python or from C++, goes to standard error from here on.
    """
    sys.stdout.flush()
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return stream


def write_json(stream: TextIO, report: dict[str, Any]) -> None:
    """One JSON object, `schema` first; every character beyond ASCII and every control character escaped."""
    json.dump({"schema": 1, **report}, stream, indent=1)
    stream.write("\n")
    stream.flush()
