"""The last run of the open network, or the session, as the text of a file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..messages import Exported, Problem
from ..messages.errors import EngineProblem
from ..messages.exporting import ExportForm

if TYPE_CHECKING:
    from ..run.export.markdown import RunReport
    from ..run.trace.record import Trace
    from .session import Session

ENDINGS: dict[ExportForm, str] = {"markdown": "md", "mermaid": "mmd", "dot": "dot", "chrome": "json", "session": "py"}
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")

UNFINISHED = "the run went on when this was written: its calls so far"


def export(session: Session, form: ExportForm, path: str = "") -> Exported:
    """Return the last run, or the dataflow of the module at `path` in it, or the session, in a form.

    Raises:
        EngineProblem: nothing is open, or a checkpoint; nothing ran yet; the module was not called.
    """
    source = session.model.source
    what = f"{source.name}-{path}" if path and form in ("mermaid", "dot") else source.name
    kind = {"markdown": "run", "chrome": "trace", "session": "session"}.get(form, "dataflow")
    name = f"{_UNFIT.sub('_', what).strip('._-')[:80] or 'model'}-{kind}"
    return Exported(name=name, ending=ENDINGS[form], text=_text(session, form, path))


def _text(session: Session, form: ExportForm, path: str) -> str:
    if form == "session":
        return session.journal.script(session.model.source.name)
    session.live  # noqa: B018  (raises for a checkpoint)
    trace = session.runs.newest
    if trace is None:
        raise EngineProblem(Problem("usage", "Nothing has run yet", "f runs the network forward."))
    from ..run.export.chrome_trace import chrome_trace
    from ..run.export.graph_text import dot, mermaid
    from ..run.export.markdown import markdown
    from ..run.export.module_graph import NoGraph, graph_of

    if form == "chrome":
        return chrome_trace(trace.calls, session.model.source.source)
    if form == "markdown":
        return markdown(_report(session, trace))
    try:
        flow = graph_of(trace.calls, path)
    except NoGraph as error:
        raise EngineProblem(Problem("usage", f"{str(error)[:1].upper()}{str(error)[1:]}")) from None
    return (mermaid if form == "mermaid" else dot)(flow)


def _report(session: Session, trace: Trace) -> RunReport:
    from ..run.export.markdown import RunFailure, RunReport, versions
    from ..run.trace.calls import shape_as_text
    from .findings import read_findings

    failure = None
    if trace.problem is not None:
        call = trace.failed
        shapes = "" if call is None else " x ".join(shape_as_text(shape) or "·" for shape in call.inputs)
        parts = ["" if call is None else f"{call.module or '(root)'}: {call.op}", trace.problem.where]
        place = ", at ".join(filter(None, parts)) + (f", with {shapes}" if shapes else "")
        title = ": ".join(filter(None, [trace.problem.type, trace.problem.message])) or trace.problem.title
        failure = RunFailure(title, place, trace.problem.hint)
    calls = trace.calls
    return RunReport(
        source=session.model.source.source,
        versions=versions(),
        input=session.inputs.text,
        output=shape_as_text(calls[0].output) if calls else "",
        calls=calls,
        failure=failure,
        findings=[each for each in read_findings(session).findings if each.kind != "failure"],
        notes=[] if trace.finished else [UNFINISHED],
    )
