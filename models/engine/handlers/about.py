"""Facts, source code and path forms of one object."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ...session import Session
from .. import messages as m
from ..registry import Context, handles

if TYPE_CHECKING:
    import torch

    from ...inspect.outline import Node


def _module_of(session: Session, path: str) -> tuple[Node, torch.nn.Module]:
    """The module at `path`, or the one that holds the tensor at `path`."""
    node = session.node(path)
    if node.kind not in ("module", "hidden"):
        node = session.model.outline.nodes[node.parent]
    return node, cast("torch.nn.Module", node.item)


@handles(m.Describe, lane="query")
def describe(session: Session, request: m.Describe, context: Context) -> m.Description:
    from ...inspect.describe import describe as facts

    return m.Description(path=request.path, groups=facts(session.model.outline, session.node(request.path)))


@handles(m.SourceCode, lane="query")
def source_code(session: Session, request: m.SourceCode, context: Context) -> m.SourceText:
    from ...inspect.source_code import source_of

    node, module = _module_of(session, request.path)
    return source_of(module, path=node.path)


@handles(m.PathForms, lane="query")
def path_forms(session: Session, request: m.PathForms, context: Context) -> m.Forms:
    from ...inspect.paths import path_forms as forms
    from ...inspect.source_code import source_of

    _, module = _module_of(session, request.path)
    source = source_of(module, path=request.path)
    where = f"{source.file}:{source.first_line}" if source.file else None
    return m.Forms(path=request.path, forms=forms(session.model.outline, session.node(request.path), where))
