"""The explorer's own options.  The headless commands parse theirs on the engine's side."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from models import __version__
from models.engine.command_table import COMMANDS
from models.engine.help_text import HelpParser
from models.engine.run_modes import add_run_modes, run_mode_of
from tui.ascii import ascii_only
from tui.language import LANGUAGES, Language, language_of

if TYPE_CHECKING:
    from tui.tours.tour import Tour

WIDTH = 38
"""Cells of a command and its arguments in the help."""


def usage() -> str:
    """Return the lines of `--help` that list the explorer and the headless commands."""
    lines = [f"{'modulescope [SOURCE] [options]':{WIDTH}}the explorer; without SOURCE, the catalogue"]
    for command in COMMANDS:
        line = f"modulescope {command.name} {command.arguments}"
        lines.append(f"       {line:{WIDTH}}{command.summary}")
    return "\n".join(lines)


EPILOG = """\
SOURCE is a network of the catalogue (rgnet); FILE.py:NAME or package.module:NAME, where NAME is an nn.Module, a class
or function that builds one, or a dict or list of them (trainer.model and nets['a'][0] lead to one; 'FILE.py:Net(64)',
in quotes, gives literals as arguments); or a checkpoint: a file (.safetensors, .pt, .gguf, an index of shards), a
folder, or a glob in quotes.

SPEC is one input: 2x20 (float32, uniform in [0, 1)), int64[1,64]<50257 (integers below a bound),
bfloat16[2,3,224,224]~normal, or NAME=SPEC for a keyword argument.

Status: 0 done; 1 the model's own code failed; 2 wrong use, or SOURCE cannot be opened; 124 --timeout; 130 Ctrl+C.
Each command has its own --help: modulescope run --help

examples:
  modulescope rgnet
  modulescope train.py:Net --input 2x3x224x224
  modulescope model.safetensors
  modulescope before.pt --with after.pt
  modulescope run train.py:Net --backward --json"""


@dataclass(frozen=True)
class CommandOptions:
    """What the explorer was started with."""

    source: str | None = None
    inputs: list[str] = field(default_factory=list)
    inputs_from: str | None = None
    seed: int | None = None
    device: str | None = None
    weights: str | None = None
    """A checkpoint to load into the network."""
    compare_with: str | None = None
    """What it is compared with once it is open."""
    trust: bool = False
    """A file that can only be read by running what is in it may be."""
    python: str | None = None
    """Another Python to run the engine in."""
    engine: str | None = None
    """A command line that ends in an engine."""
    tour: Tour | None = None
    """The guided tour to begin with; its network is what is opened, where no source is named."""
    language: Language = "en"
    """Of the tours."""
    mode: dict[str, str] = field(default_factory=dict)
    """What is switched for the time of a forward, by the fields of `RunMode`."""
    attached: bool = False
    """The engine is the user's own program, which `explore()` was called in."""


class ProgramParser(HelpParser):
    """A parser that answers wrong usage with one line: what was wrong and what would be right."""

    def error(self, message: str) -> NoReturn:
        """End the program with status 2 and one line on standard error."""
        from tui.text import clean

        self.exit(2, f"{self.prog}: {clean(message, 1000)} (see {self.prog} --help)\n")


def _seed(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 2**64
    if not -(2**63) <= number < 2**64:  # what torch takes
        raise argparse.ArgumentTypeError(f"{text!r} is no seed: a whole number below 2**64")
    return number


def _tour(name: str, parser: ProgramParser) -> Tour:
    from tui.tours.tour import TourError, tour_named

    try:
        return tour_named(name)
    except TourError as error:
        parser.error(str(error))


def parse_options(arguments: list[str]) -> CommandOptions:
    """Return the options of the explorer; end the program with status 2 when they are wrong."""
    parser = ProgramParser(
        prog="modulescope",
        allow_abbrev=False,
        usage=usage(),
        epilog=EPILOG,
        description="Open a neural network in the terminal and understand it.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", nargs="?", metavar="SOURCE", help="what to open (default: the catalogue)")
    parser.add_argument("--input", action="append", default=[], metavar="SPEC", help="one input; may be repeated")
    parser.add_argument("--inputs", metavar="FILE.py:NAME", help="a function that returns the inputs")
    add_run_modes(parser)
    parser.add_argument("--seed", type=_seed, metavar="N", help="torch.manual_seed(N) before the network is built")
    parser.add_argument("--device", metavar="D", help="where a network is moved to: cpu, cuda, cuda:1, mps, meta")
    parser.add_argument("--weights", metavar="CHECKPOINT", help="load it into the network, as far as it surely fits")
    parser.add_argument("--with", metavar="SOURCE", dest="compare_with", help="compare it with another source")
    parser.add_argument(
        "--trust", action="store_true", help="open a file that can only be read by running what is in it"
    )
    parser.add_argument("--tour", metavar="NAME", help="begin a guided tour: its name, or a FILE.toml of your own")
    parser.add_argument("--lang", choices=LANGUAGES, help="of the tours (default: by the locale)")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--python", metavar="PATH", help="the Python in which the model is run: yours, with your torch")
    place.add_argument("--engine", metavar="COMMAND", help='where the engine is: "ssh box python -m models.engine"')
    parser.add_argument("--version", action="version", version=f"modulescope {__version__}")
    found = parser.parse_args(arguments)
    if found.weights is not None and found.source is None:
        parser.error("--weights is loaded into the network that SOURCE names, which is left out")
    if found.compare_with is not None and found.source is None:
        parser.error("--with is what the SOURCE that is left out would be compared with")
    tour = None if found.tour is None else _tour(found.tour, parser)
    if tour is not None and found.source not in (None, tour.source):
        parser.error(f"the tour {tour.name!r} is of {tour.source}: leave {found.source!r} out")
    return CommandOptions(
        source=found.source or (tour.source if tour else None),
        inputs=found.input,
        inputs_from=found.inputs,
        seed=found.seed,
        device=found.device,
        mode=run_mode_of(found),
        weights=found.weights,
        compare_with=found.compare_with,
        trust=found.trust,
        python=found.python,
        engine=found.engine,
        tour=tour,
        language=found.lang if found.lang and not ascii_only(os.environ) else language_of(os.environ),
    )
