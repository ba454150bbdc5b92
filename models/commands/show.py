"""`show SOURCE`: modules and tensors, as text or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

from ..engine.safe_text import clean
from ..session import Session
from .options import parser_for, result_stream, write_json

if TYPE_CHECKING:
    from ..inspect.outline import Node


def main(argv: list[str]) -> int:
    """Print the modules and tensors of SOURCE; always 0, or EngineProblem when it cannot be opened."""
    options = parser_for("show", "Modules and tensors of a network.").parse_args(argv)
    stream = result_stream()
    session = Session()
    session.open(options.source, seed=options.seed, device=options.device)
    report = report_of(session)
    if options.json:
        write_json(stream, report)
    else:
        write_text(stream, session, report)
        stream.flush()
    return 0


def report_of(session: Session) -> dict[str, Any]:
    """The object that `show --json` prints, `schema` left out."""
    from ..inspect.tensors import class_name

    model = session.model
    outline, totals = model.outline, model.totals
    modules: list[dict[str, Any]] = []
    tensors: list[dict[str, Any]] = []
    for node in outline.nodes:
        if not node.is_tensor:
            modules.append(
                {
                    "path": node.path,
                    "class": class_name(node.item),
                    "parameters": totals.parameters[node.index],
                    "trainable": totals.trainable[node.index],
                    "shared_with": list(node.shared_with),
                    "registered": node.registered,
                }
            )
        else:
            tensors.append(tensor_report(session, node))
    return {
        "source": model.source.source,
        "kind": model.source.kind,
        "class": class_name(outline.root),
        "parameters": {
            "total": totals.parameters[0],
            "trainable": totals.trainable[0],
            "bytes": totals.bytes[0],
        },
        "modules": modules,
        "tensors": tensors,
        "metadata": model.source.metadata,
        "warnings": list(model.source.warnings),
    }


def tensor_report(session: Session, node: Node) -> dict[str, Any]:
    """One entry of `tensors`; shape and bytes are None for a parameter that is not initialised yet."""
    from ..inspect.paths import python_path
    from ..inspect.tensors import is_uninitialised, size_in_bytes

    model = session.model
    tensor: Any = node.item
    return {
        "path": node.path,
        "python": python_path(model.outline, node),
        "kind": node.kind,
        "shape": None if is_uninitialised(tensor) else list(tensor.shape),
        "dtype": str(tensor.dtype).removeprefix("torch."),
        "device": str(tensor.device),
        "requires_grad": bool(tensor.requires_grad),
        "bytes": size_in_bytes(tensor),
        "shared_with": list(node.shared_with),
    }


def write_text(stream: TextIO, session: Session, report: dict[str, Any]) -> None:
    """The tree as text: one line a module or tensor, aligned."""
    from ..inspect.tensors import class_name, dtype_text, elements, shape_text

    model = session.model
    rows: list[tuple[str, str, str, str]] = []
    for node in model.outline.nodes:
        name = clean(node.name, 200) if node.depth else clean(model.source.name, 200)
        count = elements(node.item) if node.is_tensor else model.totals.parameters[node.index]
        numbers = "" if count is None else f"{count:,}"
        if not node.is_tensor:
            detail, dtype = clean(class_name(node.item), 200), ""
        else:
            detail, dtype = shape_text(node.item), dtype_text(node.item)
        marks = [] if node.kind in ("module", "parameter") else [node.kind]
        if node.shared_with:
            marks.append("= " + ", ".join(clean(twin, 200) or "(root)" for twin in node.shared_with[:3]))
        note = " ".join(filter(None, [dtype, *marks]))
        rows.append(("  " * node.depth + name, detail, numbers, note))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for name, detail, numbers, note in rows:
        line = f"{name:<{widths[0]}}  {detail:<{widths[1]}}  {numbers:>{widths[2]}}  {note}"
        stream.write(line.rstrip() + "\n")
    total = report["parameters"]
    stream.write(f"\n{total['total']:,} parameters, {total['trainable']:,} trainable, {total['bytes']:,} bytes\n")
    for warning in report["warnings"]:
        stream.write(f"warning: {clean(warning)}\n")
