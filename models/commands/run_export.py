"""What `run --format` prints beside text and JSON: Markdown for an issue, graphs of the dataflow, a Chrome trace."""

from __future__ import annotations

from typing import Any

from msgspec import convert

from ..messages.findings import Finding
from ..run.export.chrome_trace import chrome_trace
from ..run.export.graph_text import dot, mermaid
from ..run.export.markdown import RunFailure, RunReport, markdown, versions
from ..run.export.module_graph import NoGraph, graph_of
from .run_report import Report
from .run_text import place_text, result_text, shape_text

__all__ = ["FORMATS", "NoGraph", "exported"]

FORMATS = ("markdown", "mermaid", "dot", "chrome")


def exported(report: Report, form: str, source: str, path: str) -> str:
    """Return a report in one of `FORMATS`.

    Args:
        source: SOURCE, as the user wrote it.
        path: of the module whose dataflow is drawn; empty for the network.

    Raises:
        NoGraph: the module was not called, or is one operation.
    """
    fields = report.fields()
    calls = report.trace.calls
    if form == "chrome":
        return chrome_trace(calls, source)
    if form == "markdown":
        return markdown(_run_report(fields, report, source))
    return {"mermaid": mermaid, "dot": dot}[form](graph_of(calls, path))


def _run_report(fields: dict[str, Any], report: Report, source: str) -> RunReport:
    error, first = fields["error"], fields["nonfinite"]
    failure = None
    if error is not None:
        shapes = " x ".join(shape_text(shape) for shape in error["inputs"] or [])
        place = place_text(error).removeprefix(" in ") + (f", with {shapes}" if shapes else "")
        title = ": ".join(filter(None, [error["type"], error["message"]]))
        failure = RunFailure(title, place, error["hint"] or "")
    nonfinite = ""
    if first:
        nonfinite = f"first {first['what']}{place_text(first)}" + (
            f", from {first['tensor']}" if first["tensor"] else ""
        )
    stopped = [f"stopped early: {report.stopped}"] if report.stopped else []
    return RunReport(
        source=source,
        versions=versions(),
        input=fields["input"] or "",
        output="" if fields["output"] is None else result_text(fields["output"]),
        calls=report.trace.calls,
        failure=failure,
        nonfinite=nonfinite,
        findings=[convert(each, Finding) for each in fields.get("findings") or [] if each["kind"] != "failure"],
        notes=[*fields["notes"], *stopped],
    )
