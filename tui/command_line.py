"""The explorer's own options.  The headless commands parse theirs on the engine's side."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from typing import NoReturn

from models import __version__
from models.engine.help_text import TellsHelp

HEADLESS = ("show", "run", "console", "stats", "diff")

USAGE = """\
modulescope [SOURCE] [options]        the explorer; without SOURCE, the catalogue
       modulescope show SOURCE [--json]      modules and tensors
       modulescope run SOURCE [options]      run forward, list the calls
       modulescope console SOURCE [options]  statements on standard input
       modulescope stats SOURCE [PATTERN]    statistics of tensor values
       modulescope diff A B [options]        what differs between two models or checkpoints"""

EPILOG = """\
SOURCE is a network of the catalogue (rgnet); FILE.py:NAME or package.module:NAME, where NAME is an nn.Module, a class
or function that builds one without arguments, or a dict or list of them (trainer.model and nets['a'][0] lead to one);
or a checkpoint: a file (.safetensors, .pt, .gguf, an index of shards), a folder, or a glob in quotes.

SPEC is one input: 2x20 (float32, uniform in [0, 1)), int64[1,64]<50257 (integers below a bound),
bfloat16[2,3,224,224]~normal, or NAME=SPEC for a keyword argument.

Status: 0 done; 1 the model's own code failed; 2 wrong use, or SOURCE cannot be opened; 124 --timeout; 130 Ctrl+C.
Each command has its own --help: modulescope run --help

examples:
  modulescope rgnet
  modulescope train.py:Net --input 2x3x224x224
  modulescope model.safetensors
  modulescope run train.py:Net --backward --json"""


@dataclass(frozen=True)
class Options:
    """What the explorer was started with."""

    source: str | None = None
    inputs: list[str] = field(default_factory=list)
    inputs_from: str | None = None
    seed: int | None = None
    device: str | None = None
    trust: bool = False
    """A file that can only be read by running what is in it may be."""
    python: str | None = None
    """Another Python to run the engine in."""
    engine: str | None = None
    """A command line that ends in an engine."""
    attached: bool = False
    """The engine is the user's own program, which `explore()` was called in."""


class Parser(TellsHelp):
    """One line per error of use: what was wrong and what would be right."""

    def error(self, message: str) -> NoReturn:
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


def parse(arguments: list[str]) -> Options:
    """The options of the explorer; ends the program with status 2 when they are wrong."""
    parser = Parser(
        prog="modulescope",
        allow_abbrev=False,
        usage=USAGE,
        epilog=EPILOG,
        description="Open a neural network in the terminal and understand it.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", nargs="?", metavar="SOURCE", help="what to open (default: the catalogue)")
    parser.add_argument("--input", action="append", default=[], metavar="SPEC", help="one input; may be repeated")
    parser.add_argument("--inputs", metavar="FILE.py:NAME", help="a function that returns the inputs")
    parser.add_argument("--seed", type=_seed, metavar="N", help="torch.manual_seed(N) before the network is built")
    parser.add_argument("--device", metavar="D", help="where a network is moved to: cpu, cuda, cuda:1, mps, meta")
    parser.add_argument(
        "--trust", action="store_true", help="open a file that can only be read by running what is in it"
    )
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--python", metavar="PATH", help="the Python in which the model is run: yours, with your torch")
    place.add_argument("--engine", metavar="COMMAND", help='where the engine is: "ssh box python -m models.engine"')
    parser.add_argument("--version", action="version", version=f"modulescope {__version__}")
    found = parser.parse_args(arguments)
    return Options(
        source=found.source,
        inputs=found.input,
        inputs_from=found.inputs,
        seed=found.seed,
        device=found.device,
        trust=found.trust,
        python=found.python,
        engine=found.engine,
    )
