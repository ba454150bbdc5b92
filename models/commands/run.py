"""`run SOURCE`: a forward run, its calls in order, and what went wrong where."""

from __future__ import annotations

import argparse
from functools import partial

from ..diff.difference import ATOL, RTOL
from ..session.session import Session
from . import INTERRUPTED, WRONG_USE, print_error, refused
from .options import CommandParser, add_inputs, add_run, parser_for, refuse_contradictions, run_mode, tolerance
from .output import CommandOutput
from .run_export import FORMATS, NoGraph, exported
from .run_report import Report
from .run_text import text_of
from .supervisor import Send, crash, supervise
from .weights import add_weights, load

FAILED = 1
TIMED_OUT = 124
OPENING = 20.0
"""Seconds that opening may take beyond `--timeout`, which is about the run: importing torch can be slow."""


def main(argv: list[str]) -> int:
    """Run SOURCE forward (and backward) in a process of its own, and print what happened.

    Return 0, 1 when the model itself failed, 2 when there is nothing to run, 124 on time-out, 130 when interrupted.
    """
    parser = _parser()
    options = parser.parse_args(argv)
    if options.dry and options.backward:
        parser.error("--dry computes no values, so there is no --backward with it")
    if options.dry and options.warm_up:
        parser.error("--dry takes no times, so there is nothing to warm up for")
    if options.json and options.format not in (None, "json"):
        parser.error(f"the result is either JSON or {options.format}")
    if options.module is not None and options.format not in ("mermaid", "dot"):
        parser.error("--module says whose dataflow is drawn, with --format mermaid or dot")
    refuse_contradictions(parser, options)
    if options.other is not None:
        if options.backward or options.dry or options.format or options.strict:
            parser.error("--with compares what calls return: without --backward, --dry, --format and --strict")
        from .run_with import main as main_with

        return main_with(options)
    result = CommandOutput()
    report = Report()
    ending = supervise(partial(work, options), report.receive)
    report.end(ending)
    if report.started:
        try:
            _print(options, report, result)
        except NoGraph as error:
            print_error(str(error))
            return FAILED if report.failed else WRONG_USE
    if report.stopped == "timeout":
        opening = f"opening took over {options.timeout + OPENING:g} s"
        print_error(f"stopped after {options.timeout:g} s" if report.started else opening)
        return TIMED_OUT
    if report.stopped == "interrupted":
        print_error("interrupted")
        return INTERRUPTED
    if not report.started and ending.how == "crashed":
        print_error(f"opening {options.source}: {crash(ending.status)[1]}")
        return WRONG_USE
    return FAILED if report.failed else ending.status


def _print(options: argparse.Namespace, report: Report, result: CommandOutput) -> None:
    """Print the result in the format that is asked for; raise NoGraph where there is none to draw."""
    if options.json or options.format == "json":
        result.json(report.fields())
    elif options.format in (None, "text"):
        result.lines(text_of(report.fields()))
    else:
        result.lines(exported(report, options.format, options.source, options.module or "").splitlines())


def work(options: argparse.Namespace, send: Send) -> int:
    """Open SOURCE and run it, in the child process; `send` the report part by part.

    Return 0 when it ran, whatever came of that, and 2 when there is nothing to run.
    """
    if options.timeout is not None:
        send("clock", options.timeout + OPENING)
    try:
        session = Session()
        session.open(
            options.source,
            inputs=[] if options.dry else options.input,
            inputs_from=options.inputs,
            seed=options.seed,
            device=options.device,
            trust=options.trust,
            mode=run_mode(options),
        )
        session.root  # noqa: B018  (raises for a checkpoint, which has nothing to run)
        send("part", {"loaded": load(session, options)})
        from .run_work import Work  # imports torch

        run = Work(
            session,
            send,
            backward=options.backward,
            dry=options.dry,
            specs=options.input if options.dry else None,
        )
    except Exception as error:
        return refused(error)
    except KeyboardInterrupt:
        send("part", {"stopped": "interrupted"})
        return 0
    send("clock", options.timeout)
    run.do()
    return 0


def _parser() -> CommandParser:
    parser = parser_for(
        "run",
        "Run a network forward once: its calls in order with shapes, the parameters that each one read, and your file "
        "and line; where it failed, and where the first NaN or infinity came from. Status 1 when the model failed.",
        "modulescope run train.py:Net --input 2x3x224x224 --backward --json",
    )
    add_inputs(parser)
    add_run(parser)
    add_weights(parser)
    parser.add_argument(
        "--dry",
        action="store_true",
        help="shapes only: no values, no memory for them; a real run where the forward depends on values",
    )
    parser.add_argument(
        "--format",
        choices=("text", "json", *FORMATS),
        help="markdown: for an issue; mermaid, dot: the dataflow of a module; chrome: a trace for Perfetto",
    )
    parser.add_argument(
        "--with",
        dest="other",
        metavar="B",
        help="run B on the same input too, and say which call is the first whose result differs: another network, or a "
        "checkpoint for the same one. A mode (--eval, --autocast, ...) is that of B alone. Status 1 when one differs",
    )
    parser.add_argument("--rtol", type=tolerance, default=RTOL, metavar="X", help=f"with --with, as in diff ({RTOL:g})")
    parser.add_argument("--atol", type=tolerance, default=ATOL, metavar="X", help=f"with --with, as in diff ({ATOL:g})")
    parser.add_argument("--module", metavar="PATH", help="whose dataflow is drawn; the whole network's without it")
    return parser
