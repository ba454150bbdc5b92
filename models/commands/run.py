"""`run SOURCE`: a forward run, its calls in order, and what went wrong where."""

from __future__ import annotations

import argparse
from functools import partial

from ..session.session import Session
from . import INTERRUPTED, WRONG_USE, refused, tell
from .options import Parser, add_inputs, parser_for, seconds
from .output import Result
from .run_report import Report, crash
from .run_text import text_of
from .supervisor import Tell, supervise

FAILED = 1
TIMED_OUT = 124
OPENING = 20.0
"""Seconds that opening may take beyond `--timeout`, which is about the run: importing torch can be slow."""


def main(argv: list[str]) -> int:
    """Run SOURCE forward (and backward); 0, 1 when the model itself failed, 124 on time-out, 130 interrupted."""
    parser = _parser()
    options = parser.parse_args(argv)
    if options.dry and options.backward:
        parser.error("--dry computes no values, so there is no --backward with it")
    if options.inputs is not None and options.input:
        parser.error("the input comes from --input or from --inputs, not from both")
    result = Result()
    report = Report()
    ending = supervise(partial(work, options), report.receive)
    report.end(ending)
    if report.started:
        if options.json:
            result.json(report.fields())
        else:
            result.lines(text_of(report.fields()))
    if report.stopped == "timeout":
        opening = f"opening took over {options.timeout + OPENING:g} s"
        tell(f"stopped after {options.timeout:g} s" if report.started else opening)
        return TIMED_OUT
    if report.stopped == "interrupted":
        tell("interrupted")
        return INTERRUPTED
    if not report.started and ending.how == "crashed":
        tell(f"opening {options.source}: {crash(ending.status)[1]}")
        return WRONG_USE
    return FAILED if report.failed else ending.status


def work(options: argparse.Namespace, tell: Tell) -> int:
    """What the child process does: open SOURCE and run it.  Returns 2 when there is nothing to run."""
    if options.timeout is not None:
        tell("clock", options.timeout + OPENING)
    try:
        session = Session()
        session.open(
            options.source,
            inputs=[] if options.dry else options.input,
            inputs_from=options.inputs,
            seed=options.seed,
            device=options.device,
            trust=options.trust,
        )
        session.root  # noqa: B018  (raises for a checkpoint, which has nothing to run)
        from .run_work import Work  # imports torch

        run = Work(
            session,
            tell,
            backward=options.backward,
            dry=options.dry,
            specs=options.input if options.dry else None,
        )
    except Exception as error:
        return refused(error)
    except KeyboardInterrupt:
        tell("part", {"stopped": "interrupted"})
        return 0
    tell("clock", options.timeout)
    run.do()
    return 0


def _parser() -> Parser:
    parser = parser_for(
        "run",
        "Run a network forward once: its calls in order with shapes, the parameters that each one read, and your file "
        "and line; where it failed, and where the first NaN or infinity came from. Status 1 when the model failed.",
        "modulescope run train.py:Net --input 2x3x224x224 --backward --json",
    )
    add_inputs(parser)
    parser.add_argument(
        "--inputs",
        metavar="FILE.py:NAME",
        help="a function that returns (args, kwargs) or the arguments themselves",
    )
    parser.add_argument("--backward", action="store_true", help="go back from the result too, and list the gradients")
    parser.add_argument(
        "--dry",
        action="store_true",
        help="shapes only: no values, no memory for them; a real run where the forward depends on values",
    )
    parser.add_argument(
        "--timeout",
        type=seconds,
        metavar="S",
        help="stop the run after S seconds, with the calls so far and status 124",
    )
    return parser
