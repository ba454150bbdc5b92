"""Handlers of the catalogue, of opening and of closing."""

from __future__ import annotations

from ... import messages as m
from ...safe_text import as_sent
from ...session.session import Session
from ..registry import Context, handles


@handles(m.ListExamples, lane="now")
def list_examples(session: Session, request: m.ListExamples, context: Context) -> m.Examples:
    """Return the catalogue of documented networks, without importing torch."""
    from ...examples.catalogue import EXAMPLES
    from ...run.inputs.specs import expression, parse_spec

    return m.Examples(
        items=[
            m.ExampleItem(
                name=example.name,
                section=example.section,
                title=example.words(request.language)[0],
                note=example.words(request.language)[1],
                tries=list(example.tries),
                input=expression(parse_spec(example.input)),
                parameters=example.parameters,
                modules=example.modules,
            )
            for example in EXAMPLES.values()
        ]
    )


@handles(m.OpenSource, lane="main", busy=lambda request: f"opening {request.source}")
def open_source(session: Session, request: m.OpenSource, context: Context) -> m.SourceOpened:
    """Open a source and return its summary."""
    summary = session.open(
        request.source,
        inputs=request.inputs,
        inputs_from=request.inputs_from,
        seed=request.seed,
        device=request.device,
        trust=request.trust,
        unfold_to=request.unfold_to,
        unfolded=request.unfolded,
        anew=request.anew,
        language=request.language,
        mode=request.mode,
        on_progress=context.progress,
    )
    weights = ""
    if request.weights is not None:
        from ...session.weights import loaded_or_why

        weights = as_sent(loaded_or_why(session, request.weights, trust=request.trust, on_progress=context.progress))
        summary = session.summary()
    return m.SourceOpened(
        summary=summary, names_kept=session.names_kept, names_gone=session.names_gone, weights=weights
    )


@handles(m.ChangedFiles, lane="query")
def changed_files(session: Session, request: m.ChangedFiles, context: Context) -> m.FilesChanged:
    """Return which files of the open source have changed since it was opened."""
    files, version, settled = session.changed_files()
    return m.FilesChanged(files=[as_sent(file) for file in files], version=version, settled=settled)


@handles(m.CloseSource, lane="main")
def close_source(session: Session, request: m.CloseSource, context: Context) -> m.Done:
    """Close the open model."""
    session.close()
    return m.Done()
