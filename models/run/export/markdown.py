"""A run as Markdown, to be put into an issue: what ran, what failed or was found, and the calls."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

from ... import __version__
from ...messages.findings import Finding
from ...safe_text import clean, clean_lines
from ..trace.calls import Call, shape_as_text

CALLS = 200
"""Rows of calls that are shown: those around what failed, or the first."""
LONGEST = 120
"""Characters of a cell."""


@dataclass(frozen=True)
class RunFailure:
    """What ended a run."""

    title: str
    """Class and message, of several lines maybe."""
    place: str = ""
    """Such as `fc: linear, at net.py:12, with [2, 3] x [4, 5]`."""
    hint: str = ""


@dataclass(frozen=True)
class RunReport:
    """What is reported of a run."""

    source: str
    versions: str
    """Of Python, torch and modulescope."""
    input: str = ""
    output: str = ""
    calls: Sequence[Call] = ()
    failure: RunFailure | None = None
    nonfinite: str = ""
    """The first NaN or infinity, in a sentence; empty for none."""
    findings: Sequence[Finding] = ()
    notes: Sequence[str] = field(default_factory=list)


def markdown(report: RunReport) -> str:
    """Return the report as GitHub's Markdown (https://github.github.com/gfm/).

    Names and messages are code, within fences longer than any in them, so that nothing in them is markup, a mention
    or a link.
    """
    return "\n".join(_lines(report)) + "\n"


def _lines(report: RunReport) -> Iterator[str]:
    yield f"### {'Failed run' if report.failure else 'Run'} of {code(report.source)}"
    yield ""
    yield f"- versions: {code(report.versions)}"
    if report.input:
        yield f"- input: {code(report.input)}"
    if report.calls and report.calls[0].mode:
        yield f"- mode: {code(', '.join(report.calls[0].mode))}"
    if report.output and report.failure is None:
        yield f"- output: {code(report.output)}"
    if report.nonfinite:
        yield f"- {code(report.nonfinite)}"
    yield from (f"- note: {code(note)}" for note in report.notes)
    yield ""
    if report.failure is not None:
        yield from _failure(report.failure)
    yield from _findings(report.findings)
    yield from _calls(report.calls)


def _failure(failure: RunFailure) -> Iterator[str]:
    yield f"**Failed**{f' in {code(failure.place)}' if failure.place else ''}"
    yield ""
    yield from fenced(failure.title)
    yield ""
    if failure.hint:
        yield f"**Why**: {code(failure.hint, 2000)}"
        yield ""


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    if not findings:
        return
    yield "**Findings**"
    yield ""
    for each in findings:
        place = "".join(f", {code(part)}" for part in (each.path, each.where) if part)
        row = f", call {each.call}" if each.call is not None else ""
        yield f"- {each.severity} {code(each.kind)}: {code(each.text, 500)}{place}{row}"
    yield ""


def _calls(calls: Sequence[Call]) -> Iterator[str]:
    if not calls:
        return
    failed = next((index for index in range(len(calls) - 1, -1, -1) if calls[index].failed), 0)
    first = max(0, min(failed - CALLS * 3 // 4, len(calls) - CALLS))
    shown = calls[first : first + CALLS]
    yield f"<details><summary>{len(calls):,} calls</summary>"
    yield ""
    if len(shown) < len(calls):
        yield f"Calls {first} to {first + len(shown) - 1}."
        yield ""
    yield "| # | module | operation | inputs | output | at | note |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for index, call in enumerate(shown, first):
        yield "| " + " | ".join(_cells(index, call)) + " |"
    yield ""
    yield "</details>"


def _cells(index: int, call: Call) -> list[str]:
    times = f" ×{call.repeat:,}" if call.repeat > 1 else ""
    note = f"✗ {call.failed}" if call.failed else call.remark()
    inputs = ", ".join(shape_as_text(shape) or "·" for shape in call.inputs)
    depth = "  " * min(call.depth, 10)  # spaces that are kept
    cells = (call.module or "(root)", call.op, inputs, shape_as_text(call.output), call.where, note)
    module, op, *rest = [table_cell(text) for text in cells]
    return [str(index), module, f"{depth}{op}{times}", *rest]


def table_cell(text: str) -> str:
    """Return a text as code for a cell of a table, where a bar would end it, escaped or not."""
    return code(text, LONGEST).replace("\\|", "\\¦").replace("|", "\\|")


def code(text: str, limit: int = LONGEST) -> str:
    """Return a text as a span of code, on one line; empty for none."""
    text = clean(text, limit)
    if not text.strip():
        return ""
    fence = "`" * (_longest_run(text) + 1)
    space = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{space}{text}{space}{fence}"


def fenced(text: str) -> Iterator[str]:
    """Yield a text of several lines as a block of code."""
    fence = "`" * max(3, _longest_run(text) + 1)
    yield f"{fence}text"
    yield from clean_lines(text, 1000)[:100]
    yield fence


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def versions() -> str:
    """Return the versions of Python, torch and this program, and the system: `Python 3.11.9, torch 2.13.0, …`."""
    try:
        torch = version("torch")
    except PackageNotFoundError:
        torch = "unknown"
    system = f"{platform.system()} {platform.machine()}"
    return f"Python {platform.python_version()}, torch {torch}, modulescope {__version__}, {system}"
