"""`python -m tests.fuzz`: sessions for some minutes.  `python -m tests.fuzz replay FILE`: one of them again."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import signal
import sys
import tempfile
import time
from pathlib import Path

from .campaign import Campaign
from .playing import play
from .session import Session
from .sources import SOURCES, make_files


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the status is 1 when something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    run = commands.add_parser("run", help="make sessions from a seed and play them")
    run.add_argument("--seed", default=str(int(time.time())), help="same seed, same sessions (default: the time)")
    run.add_argument("--minutes", type=float, default=2.0)
    run.add_argument("--size", type=int, default=300, metavar="STEPS", help="steps of a session, at most")
    run.add_argument("--sources", default=",".join(SOURCES), help=f"of {', '.join(SOURCES)}")
    run.add_argument("--jobs", type=int, default=1, help="processes that play at once")
    run.add_argument("--shrink", type=float, default=180.0, metavar="SECONDS", help="for each finding; 0: not at all")
    run.add_argument("--patience", type=float, default=10.0, metavar="SECONDS", help="in which the program must answer")
    run.add_argument("--findings", type=Path, default=Path("fuzz-findings"), metavar="FOLDER")
    replay = commands.add_parser("replay", help="play what a finding's file, or a script in one line, holds")
    replay.add_argument("session", metavar="FILE", help="a file of findings, or the session itself as JSON")
    replay.add_argument("--times", type=int, default=1)
    replay.add_argument("--patience", type=float, default=10.0, metavar="SECONDS")
    given = sys.argv[1:] if arguments is None else arguments
    options = parser.parse_args(given if given[:1] in (["run"], ["replay"], ["-h"], ["--help"]) else ["run", *given])
    with tempfile.TemporaryDirectory(prefix="modulescope-fuzz-files-") as folder:
        files = make_files(Path(folder))
        return _replay(options, files) if options.command == "replay" else _run(options, files)


def _replay(options: argparse.Namespace, files: Path) -> int:
    text = options.session
    found = json.loads(text if text.lstrip().startswith("{") else Path(text).read_text(encoding="utf-8"))
    session = Session.from_json(found.get("session", found))
    wrong = 0
    for _ in range(options.times):
        finding = play(session, SOURCES[session.source], files, options.patience).finding
        wrong += finding is not None
        print(f"{finding.kind}: {finding.signature}\n{finding.detail}" if finding else "nothing wrong", flush=True)
    print(f"{wrong} of {options.times} times")
    return 1 if wrong else 0


def _run(options: argparse.Namespace, files: Path) -> int:
    unknown = [name for name in options.sources.split(",") if name not in SOURCES]
    if unknown:
        print(f"no such source: {', '.join(unknown)}; there are {', '.join(SOURCES)}", file=sys.stderr)
        return 2
    print(f"seed {options.seed}, findings in {options.findings}", flush=True)
    if options.jobs == 1:
        return _job(options, files, 0)
    forked = multiprocessing.get_context("fork")  # what is sent to a new process would have to be importable
    jobs = [forked.Process(target=_job_alone, args=(options, files, number)) for number in range(options.jobs)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    return max(job.exitcode or 0 for job in jobs)


def _job_alone(options: argparse.Namespace, files: Path, number: int) -> None:
    sys.exit(_job(options, files, number))


def _job(options: argparse.Namespace, files: Path, number: int) -> int:
    """Every `jobs`-th session, beginning with `number`."""
    sources = [SOURCES[name] for name in options.sources.split(",")]

    def report(line: str) -> None:
        print(line, flush=True)

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started is ended too
    campaign = Campaign(sources, files, options.findings, options.patience, options.shrink, report)
    try:
        campaign.run(options.seed, options.size, options.minutes * 60, number, options.jobs)
    except KeyboardInterrupt:
        report("interrupted")
    tally = campaign.tally
    report(tally.line())
    for record in sorted(tally.records.values(), key=lambda each: -each.count):
        report(f"{record.count:5} × {record.finding.kind}: {record.finding.signature}")
    return 1 if tally.records else 0


if __name__ == "__main__":
    raise SystemExit(main())
