"""`fit NETWORK CHECKPOINT`: why weights do not fit, and the renames that would mend it, as text or JSON."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ..fit.code import code_for
from ..fit.links import CERTAINTIES, Certainty
from ..fit.misfits import copy_hint, misfits
from ..fit.proposal import NamesClash, propose_after
from ..fit.sides import Side, side_of
from ..messages import Problem
from ..messages.errors import EngineProblem
from ..session.session import Session
from ..tree.globs import Rename
from . import fit_report, fit_text, print_error
from .options import CommandParser, parser_for
from .output import CommandOutput
from .progress_line import ProgressLine

MISFIT = 1


def main(argv: list[str]) -> int:
    """Print what of CHECKPOINT fits NETWORK, and the rules of renaming that would bring more together.

    Return 0 when all fits with the rules that are certain and those that were applied, else 1.

    Raises:
        EngineProblem: one of them cannot be opened, or has no tensors.
    """
    options = _parser().parse_args(argv)
    result = CommandOutput()
    with ProgressLine() as line:
        network, file = (_side(text, options, line) for text in (options.network, options.checkpoint))
    renames = [rule for rule in options.apply if isinstance(rule, Rename)]
    for rule in renames:
        if not any(map(rule.fits, file.shapes)):
            hint = copy_hint(next(filter(rule.fits, file.state), ""))
            more = f": it fits what the file has beside the network; {hint}" if hint else ""
            print_error(f"--apply {rule.text!r} fits no tensor of {options.checkpoint}{more}")
    try:
        proposal = propose_after(network.shapes, file.shapes, renames)
    except NamesClash as error:
        raise EngineProblem(Problem("usage", str(error))) from None
    applied = _applied([rule for rule in options.apply if isinstance(rule, str)])
    shown = misfits(proposal, network, file, CERTAINTIES[: max(len(applied), 2)])
    loaded = misfits(proposal, network, file, applied)
    if options.code:
        result.lines(code_for(proposal, network, loaded, options.checkpoint, file.twins).splitlines())
    elif options.json:
        code = code_for(proposal, network, loaded, options.checkpoint, file.twins)
        result.json(fit_report.report_of(options.network, options.checkpoint, proposal, shown, loaded, code))
    else:
        result.lines(fit_text.text_of(proposal, shown, loaded))
    return 0 if loaded.fits else MISFIT


def _parser() -> CommandParser:
    parser = parser_for(
        "fit",
        "Say which tensors of a checkpoint fit a network and which do not, and propose the renames that would mend it, "
        "from names and shapes alone: no value is read, nothing is loaded. Each rule is certain, likely or a guess. "
        "Exit status 0: all fits, with the certain rules; 1: not all; 2: something cannot be opened.",
        "modulescope fit net.py:Net weights.pt",
        ("NETWORK", "CHECKPOINT"),
    )
    parser.add_argument(
        "--apply",
        action="append",
        default=[],
        type=_rule,
        metavar="RULE",
        help="take more than the certain rules: likely, or guess, which takes the likely ones as well; or OLD=NEW, one "
        "of your own, as diff --rename has it, which comes first. Again for another one",
    )
    parser.add_argument(
        "--code", action="store_true", help="print only the Python that loads the file into `model` with these rules"
    )
    return parser


def _rule(text: str) -> Rename | Certainty:
    for certainty in CERTAINTIES:
        if text == certainty:
            return certainty
    try:
        return Rename(text)
    except ValueError:
        words = ", ".join(CERTAINTIES)
        raise argparse.ArgumentTypeError(f"{text!r} is none of {words}, and not of the form OLD=NEW") from None


def _applied(names: Sequence[str]) -> tuple[Certainty, ...]:
    """Return the certainties of the rules that are taken: the certain ones, and down to the last that is named."""
    lowest = max((CERTAINTIES.index(name) for name in names), default=0)
    return CERTAINTIES[: lowest + 1]


def _side(text: str, options: argparse.Namespace, line: ProgressLine) -> Side:
    session = Session()
    session.open(text, seed=options.seed, device=options.device, trust=options.trust, on_progress=line.show)
    side = side_of(session.model)
    if not side.shapes:
        raise EngineProblem(Problem("usage", f"{text} has no weights that a network could load"))
    return side
