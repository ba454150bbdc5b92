"""Options that the headless commands have in common."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from textwrap import fill
from typing import NoReturn

from ..engine.help_text import TellsHelp
from ..run.specs import SpecError, parse_spec
from ..safe_text import clean


class Parser(TellsHelp):
    """One line per error of use: what was wrong and what would be right."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {clean(message, 1000)} (see {self.prog} --help)\n")


_A_SOURCE = (
    "a network of the catalogue (rgnet); FILE.py:NAME or package.module:NAME, where NAME is an nn.Module, a class that "
    "builds one without arguments, or a function that returns one; a checkpoint: file, folder or glob"
)


def parser_for(command: str, description: str, example: str, sources: Sequence[str] = ("SOURCE",)) -> Parser:
    """A parser with SOURCE, `--seed`, `--device`, `--trust` and `--json`; `example` ends its help."""
    parser = Parser(
        prog=f"modulescope {command}",
        description=fill(description, 79),
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    for number, name in enumerate(sources):
        parser.add_argument(name.lower(), metavar=name, help="another such source" if number else _A_SOURCE)
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


def add_inputs(parser: Parser) -> None:
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


def seconds(text: str) -> float:
    """A number of seconds over 0, for `type=`."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds over 0")
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
