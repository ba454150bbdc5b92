"""`--weights CHECKPOINT` and `--strict`: load weights into a network before it is looked at."""

from __future__ import annotations

import argparse
from typing import Any

from ..fit.misfits import LISTS
from ..messages import Problem
from ..messages.errors import EngineProblem
from ..session.session import Session
from . import print_error
from .fit_report import list_report
from .options import CommandParser
from .progress_line import ProgressLine


def add_weights(parser: CommandParser) -> None:
    """Add `--weights CHECKPOINT` and `--strict`."""
    parser.add_argument(
        "--weights",
        metavar="CHECKPOINT",
        help="load it into the network first, with the renames that are certain (see modulescope fit); what does not "
        "fit is reported",
    )
    parser.add_argument(
        "--strict", action="store_true", help="with --weights: status 2 where not all of the network and the file fits"
    )


def load(session: Session, options: argparse.Namespace) -> dict[str, Any] | None:
    """Load what `--weights` names into the open network, and say on standard error what came of it.

    Return the field `weights` of a report in JSON; None without the option.

    Raises:
        EngineProblem: it cannot be opened, or does not fit and `--strict` was given.
    """
    if options.weights is None:
        if options.strict:
            raise EngineProblem(Problem("usage", "--strict says how --weights is loaded, which is not given"))
        return None
    from ..session.weights import load_weights

    with ProgressLine() as line:
        loaded = load_weights(session, options.weights, trust=options.trust, on_progress=line.show)
    if not loaded.fits and options.strict:
        raise EngineProblem(Problem("usage", loaded.sentence()))
    print_error(loaded.sentence())
    found = loaded.found
    return {
        "checkpoint": options.weights,
        "loaded": len(found.matched),
        "tensors": loaded.tensors,
        "fits": loaded.fits,
        "rules": loaded.rules,
        **{name: list_report(getattr(found, name)) for name in LISTS if name != "matched"},
    }
