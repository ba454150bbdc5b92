"""`check SOURCE`: what is remarkable about a network and a run of it, or about a checkpoint; for CI."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import partial
from typing import Any

from msgspec.structs import asdict

from ..messages.findings import SEVERITIES
from ..opened.facts import amount
from ..safe_text import clean
from ..session.findings import findings_of_checkpoint
from ..session.session import Session
from . import INTERRUPTED, WRONG_USE, print_error, refused
from .columns import table
from .options import CommandParser, add_inputs, add_run, parser_for, refuse_contradictions, run_mode
from .output import CommandOutput
from .progress_line import ProgressLine
from .run_report import Report
from .supervisor import Send, crash, supervise
from .weights import add_weights, load

FOUND = 1
TIMED_OUT = 124
OPENING = 20.0
"""Seconds that opening may take beyond `--timeout`."""
NAME = 200
"""Characters of a name that are written."""
TEXT = 1000
"""Characters of a sentence that are written."""


def main(argv: list[str]) -> int:
    """Run SOURCE once where it is a network, read it all where it is a checkpoint, and print what is remarkable.

    Return 0, 1 when something is at least as serious as `--fail-on`, 2 when SOURCE cannot be opened, 124 on time-out,
    130 when interrupted.
    """
    parser = _parser()
    options = parser.parse_args(argv)
    refuse_contradictions(parser, options)
    result, report = CommandOutput(), Report()
    ending = supervise(partial(work, options), report.receive)
    report.end(ending)
    if not report.started:
        if ending.how == "crashed":
            print_error(f"opening {options.source}: {crash(ending.status)[1]}")
            return WRONG_USE
        return _stopped(report.stopped, options) or ending.status
    findings = report.findings
    worst = next((severity for severity in SEVERITIES if any(each["severity"] == severity for each in findings)), None)
    if options.json:
        about = {"source": options.source, "kind": report.kind, "findings": findings, "worst": worst}
        about |= {"looked_at": report.looked_at or None, "complete": report.stopped is None}
        about |= {"weights": report.loaded}
        result.json({**about, "notes": report.notes})
    else:
        result.lines(text_of(findings, report.looked_at, report.notes))
    stopped = _stopped(report.stopped, options)
    if stopped:
        return stopped
    serious = worst is not None and SEVERITIES.index(worst) <= SEVERITIES.index(options.fail_on)
    return FOUND if serious else 0


def _stopped(how: str | None, options: argparse.Namespace) -> int:
    if how == "timeout":
        print_error(f"stopped after {options.timeout:g} s")
        return TIMED_OUT
    if how == "interrupted":
        print_error("interrupted")
        return INTERRUPTED
    return 0


def work(options: argparse.Namespace, send: Send) -> int:
    """Open SOURCE, run it and look at it, in the child process; `send` what was found.

    Return 0 when that was done, whatever was found, and 2 when SOURCE cannot be opened.
    """
    if options.timeout is not None:
        send("clock", options.timeout + OPENING)
    try:
        session = Session()
        session.open(
            options.source,
            inputs=options.input,
            inputs_from=options.inputs,
            seed=options.seed,
            device=options.device,
            trust=options.trust,
            mode=run_mode(options),
        )
        send("part", {"loaded": load(session, options)})
        send("clock", options.timeout)
        if session.is_checkpoint:
            _check_files(session, send)
            return 0
        from .run_work import Work  # imports torch

        run = Work(session, send, backward=options.backward, values_limit=None)
    except Exception as error:
        return refused(error)
    except KeyboardInterrupt:
        send("part", {"stopped": "interrupted"})
        return 0
    send("part", {"kind": "module"})
    run.do()
    return 0


def _check_files(session: Session, send: Send) -> None:
    with ProgressLine() as line:
        found = findings_of_checkpoint(session, read=True, on_progress=lambda done: line.show(f"reading: {done:.0%}"))
    findings = [asdict(each) for each in found.findings]
    send("part", {"input": None, "kind": "checkpoint", "findings": findings, "looked_at": found.looked_at})


def text_of(findings: list[dict[str, Any]], looked_at: str, notes: list[str]) -> Iterator[str]:
    """Yield one line a finding, and what was looked at, safe for a terminal."""
    rows = [
        (
            each["severity"],
            clean("" if each["path"] is None else each["path"] or "(root)", NAME),
            clean(each["where"] or "", NAME),
            f"{each['kind']}: {clean(each['text'], TEXT)}",
        )
        for each in findings
    ]
    yield from table(rows, (7, 20, 14, 200))
    if rows:
        yield ""
    for note in notes:
        yield f"note: {clean(note)}"
    counts = [amount(count, severity) for severity in SEVERITIES if (count := _count(findings, severity))]
    about = f" in {clean(looked_at)}" if looked_at else ""
    yield f"{', '.join(counts) or 'nothing remarkable'}{about}"


def _count(findings: list[dict[str, Any]], severity: str) -> int:
    return sum(each["severity"] == severity for each in findings)


def _parser() -> CommandParser:
    parser = parser_for(
        "check",
        "Say what is remarkable about a network and a run of it: NaN and where it was made, dead units, rows that "
        "become alike, what is not registered, and more; of a checkpoint what its files lack, NaN and infinities. "
        "Status 1 when something is as serious as --fail-on.",
        "modulescope check train.py:Net --input 2x3x224x224 --backward",
    )
    add_inputs(parser)
    add_run(parser)
    add_weights(parser)
    parser.add_argument(
        "--fail-on",
        choices=SEVERITIES,
        default="warning",
        help="how serious a finding has to be for status 1; a warning where this is left out",
    )
    return parser
