"""Catalogue, opening, closing."""

from __future__ import annotations

from ... import messages as m
from ...session.session import Session
from ..registry import Context, handles


@handles(m.ListExamples, lane="now")
def list_examples(session: Session, request: m.ListExamples, context: Context) -> m.Examples:
    from ...examples.catalogue import EXAMPLES
    from ...run.specs import expression, parse_spec

    return m.Examples(
        items=[
            m.ExampleItem(
                name=example.name,
                section=example.section,
                title=example.title,
                note=example.note,
                tries=list(example.tries),
                input=expression(parse_spec(example.input)),
                parameters=example.parameters,
                modules=example.modules,
            )
            for example in EXAMPLES.values()
        ]
    )


@handles(m.OpenSource, lane="main", busy=lambda request: f"opening {request.source}")
def open_source(session: Session, request: m.OpenSource, context: Context) -> m.Opened:
    return m.Opened(
        summary=session.open(
            request.source,
            inputs=request.inputs,
            inputs_from=request.inputs_from,
            seed=request.seed,
            device=request.device,
            trust=request.trust,
            unfold_to=request.unfold_to,
            unfolded=request.unfolded,
            progress=context.progress,
        )
    )


@handles(m.CloseSource, lane="main")
def close_source(session: Session, request: m.CloseSource, context: Context) -> m.Done:
    session.close()
    return m.Done()
