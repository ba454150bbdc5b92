"""`show SOURCE`: modules and tensors, as text or JSON."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from ..safe_text import clean
from ..session.session import Session
from .columns import table
from .options import parser_for
from .output import Result

if TYPE_CHECKING:
    from ..live.outline import Node

NAME = 200
"""Characters of a name that are written."""
WIDEST = (36, 22, 13, 9, 60)
"""What fits a screen of 80 columns for most networks; a longer cell pushes what follows."""
SHARED = "⇄"
NAMES = 3
"""Other names of a shared object that are written."""


def main(argv: list[str]) -> int:
    """Print the modules and tensors of SOURCE; always 0, or EngineProblem when it cannot be opened."""
    options = parser_for(
        "show",
        "Show the modules and tensors of a network: classes, shapes, dtypes, numbers of parameters, and what is shared "
        f"({SHARED} names the other places of the same object).",
        "modulescope show rgnet --json",
    ).parse_args(argv)
    result = Result()
    session = Session()
    session.open(options.source, seed=options.seed, device=options.device, trust=options.trust)
    if session.is_checkpoint:
        from ..checkpoint.model import CheckpointModel
        from . import show_checkpoint

        checkpoint = session.model
        assert isinstance(checkpoint, CheckpointModel)
        report, text = partial(show_checkpoint.report_of, checkpoint), partial(show_checkpoint.text_of, checkpoint)
    else:
        report, text = partial(report_of, session), partial(text_of, session)
    if options.json:
        result.json(report())
    else:
        result.lines(text())
    return 0


def report_of(session: Session) -> dict[str, Any]:
    """The object that `show --json` prints, `schema` left out."""
    from ..tensors.tensors import class_name

    model = session.live
    outline = model.outline
    parameters, trainable = _counts(session, outline.nodes[0])
    return {
        "source": model.source.source,
        "kind": model.source.kind,
        "class": class_name(outline.root),
        "parameters": {"total": parameters, "trainable": trainable, "bytes": model.totals.bytes[0]},
        "modules": [module_report(session, node) for node in outline.nodes if not node.is_tensor],
        "tensors": [tensor_report(session, node) for node in outline.nodes if node.is_tensor],
        "metadata": model.source.metadata or None,
        "warnings": list(model.source.warnings),
    }


def module_report(session: Session, node: Node) -> dict[str, Any]:
    """One entry of `modules`; the numbers are None while a lazy parameter below has no size."""
    from ..tensors.tensors import detail_of

    parameters, trainable = _counts(session, node)
    return {
        "path": node.path,
        "class": detail_of(node.item),
        "parameters": parameters,
        "trainable": trainable,
        "shared_with": list(node.shared_with),
        "registered": node.registered,
    }


def tensor_report(session: Session, node: Node) -> dict[str, Any]:
    """One entry of `tensors`; shape and bytes are None for a parameter that is not initialised yet."""
    from ..live.paths import python_path
    from ..tensors.tensors import device_text, dtype_text, requires_grad, shape_of, size_in_bytes

    tensor: Any = node.item
    shape = shape_of(tensor)
    return {
        "path": node.path,
        "python": python_path(session.live.outline, node),
        "kind": node.kind,
        "shape": None if shape is None else list(shape),
        "dtype": dtype_text(tensor),
        "device": device_text(tensor),
        "requires_grad": requires_grad(tensor),
        "bytes": size_in_bytes(tensor),
        "shared_with": list(node.shared_with),
        "registered": node.registered,
    }


def _counts(session: Session, node: Node) -> tuple[int | None, int | None]:
    totals = session.live.totals
    if totals.unknown[node.index]:
        return None, None
    return totals.parameters[node.index], totals.trainable[node.index]


def text_of(session: Session) -> Iterator[str]:
    """The tree as text, one line a module or tensor, safe for a terminal."""
    model = session.live
    yield from table([_row(session, node) for node in model.outline.nodes], WIDEST, right={2})
    yield ""
    totals = model.totals
    unknown = f" and {totals.unknown[0]:,} lazy tensors" if totals.unknown[0] else ""
    yield (
        f"{totals.parameters[0]:,} parameters{unknown}, {totals.trainable[0]:,} trainable, {totals.bytes[0]:,} bytes"
    )
    for warning in model.source.warnings:
        yield f"warning: {clean(warning)}"


def _row(session: Session, node: Node) -> tuple[str, str, str, str, str]:
    from ..tensors.tensors import detail_of, dtype_text, elements, requires_grad

    item: Any = node.item
    count = elements(item) if node.is_tensor else _counts(session, node)[0]
    marks = [] if node.kind in ("module", "parameter") else [str(node.kind)]
    if node.kind == "parameter" and not requires_grad(item):
        marks.append("frozen")
    if node.shared_with:
        others = [clean(other, NAME) or "(root)" for other in node.shared_with]
        more = f" and {len(others) - NAMES} more" if len(others) > NAMES else ""
        marks.append(f"{SHARED} {', '.join(others[:NAMES])}{more}")
    blank = count is None or (count == 0 and not node.is_tensor)
    return (
        "  " * node.depth + clean(node.name if node.depth else session.live.source.name, NAME),
        clean(detail_of(item), NAME),
        "" if blank else f"{count:,}",
        dtype_text(item) if node.is_tensor else "",
        "  ".join(marks),
    )
