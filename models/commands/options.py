"""Options that the headless commands have in common."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import NoReturn

from ..engine.help_text import HelpParser
from ..engine.run_modes import add_run_modes, run_mode_of
from ..messages import RunMode
from ..run.inputs.specs import SpecError, parse_spec
from ..safe_text import clean
from ..tree.globs import Rename


class ParserExit(SystemExit):
    """Raised by a parser once it printed the help or a mistake; any other `SystemExit` is of what was opened."""


class CommandParser(HelpParser):
    """Parser that answers a wrong use in one line: what was wrong, and where the help is."""

    def error(self, message: str) -> NoReturn:
        """Print one line and end the process with status 2; it says how to open what has the command's own name."""
        command = self.prog.rpartition(" ")[2]
        if REQUIRED in message and Path(command).exists():
            message += f"; what lies here under that name is ./{command}"
        self.exit(2, f"{self.prog}: {clean(message, 1000)} (see {self.prog} --help)\n")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """Print the message, if any, to standard error, and raise `ParserExit` with the status."""
        if message:
            self._print_message(message, sys.stderr)
        raise ParserExit(status)


REQUIRED = "arguments are required"
"""What argparse says where none was given."""

_A_SOURCE = (
    "a network of the catalogue (rgnet); FILE.py:NAME or package.module:NAME, where NAME is an nn.Module, a class that "
    "builds one or a function that returns one, with literal arguments or none; a checkpoint: file, folder or glob"
)


def parser_for(command: str, description: str, example: str, sources: Sequence[str] = ("SOURCE",)) -> CommandParser:
    """Return a parser with SOURCE, `--seed`, `--device`, `--trust`, `--json` and `--python`.

    Args:
        example: a command line, which ends the help.
        sources: names of the sources that the command takes, in capitals.
    """
    parser = CommandParser(
        prog=f"modulescope {command}",
        description=fill(description, 79),
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    for index, name in enumerate(sources):
        parser.add_argument(name.lower(), metavar=name, help="another such source" if index else _A_SOURCE)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--seed", type=_seed, metavar="N", help="torch.manual_seed(N) before the network is built")
    parser.add_argument("--device", metavar="D", help="where a network is moved to: cpu, cuda, cuda:1, mps, meta")
    parser.add_argument(
        "--trust",
        action="store_true",
        help="open a file that can only be read by running what is in it: it then does whatever its maker wanted",
    )
    parser.add_argument("--python", metavar="PATH", help="the Python in which the model is run: yours, with your torch")
    return parser


def add_inputs(parser: CommandParser) -> None:
    """Add `--input SPEC`, which may come several times."""
    parser.add_argument(
        "--input",
        action="append",
        type=_spec,
        default=[],
        metavar="SPEC",
        help="one input, again for the next: 2x20 (float32, uniform in [0, 1)), int64[1,64]<50257 (integers below a "
        "bound), bfloat16[2,3,224,224]~normal, NAME=SPEC for a keyword argument",
    )


def add_run(parser: CommandParser) -> None:
    """Add `--inputs FILE.py:NAME`, `--backward` and `--timeout S`, and the modes that a run may be in."""
    parser.add_argument(
        "--inputs",
        metavar="FILE.py:NAME",
        help="a function that returns (args, kwargs) or the arguments themselves",
    )
    parser.add_argument(
        "--backward", action="store_true", help="go back from the result too, and look at the gradients"
    )
    parser.add_argument(
        "--timeout",
        type=seconds,
        metavar="S",
        help="stop the run after S seconds, with the calls so far and status 124",
    )
    add_run_modes(parser)


def refuse_contradictions(parser: CommandParser, options: argparse.Namespace) -> None:
    """End the process where options of a run contradict each other."""
    if options.inputs is not None and options.input:
        parser.error("the input comes from --input or from --inputs, not from both")
    if options.backward and options.gradients:
        option = "--" + options.gradients.replace("_", "-")
        parser.error(f"{option} records no graph, so there is no --backward with it")


def run_mode(options: argparse.Namespace) -> RunMode:
    """Return the mode that the options say a forward runs in."""
    return RunMode(**run_mode_of(options))  # type: ignore[arg-type]


def seconds(text: str) -> float:
    """Return the seconds that `text` names, for `type=`; raise ArgumentTypeError for anything but a number over 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds over 0")
    return number


def tolerance(text: str) -> float:
    """Return the number from 0 up that `text` names, for `type=`; raise ArgumentTypeError for any other text."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 up")
    return number


def top_count(text: str) -> int:
    """Return the number of things that `--top` names.

    Raises:
        ArgumentTypeError: it is no whole number from 1 on.
    """
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None
    if number < 1:
        raise argparse.ArgumentTypeError("it must be 1 or more")
    return number


def _seed(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 2**64
    if not -(2**63) <= number < 2**64:  # what torch takes
        raise argparse.ArgumentTypeError(f"{text!r} is no seed: a whole number below 2**64")
    return number


def _spec(text: str) -> str:
    try:
        parse_spec(text)
    except SpecError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def rename_rule(text: str) -> Rename:
    """Return the rule that `--rename OLD=NEW` gives; raise ArgumentTypeError for a text that is none."""
    try:
        return Rename(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
