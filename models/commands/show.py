"""`show SOURCE`: modules and tensors, as text or JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from ..opened.node_facts import NodeFacts
from ..opened.open_model import OpenModel
from ..safe_text import clean
from ..session.session import Session
from .columns import table
from .options import parser_for
from .output import CommandOutput
from .weights import add_weights, load

NAME = 200
"""Characters of a name that are written."""
WIDEST = (36, 24, 13, 14, 60)
"""What fits a screen of 80 columns for most networks; a longer cell pushes what follows."""
SHARED = "⇄"
NAMES = 3
"""Other names of a shared object that are written."""
MEANINGS = 10
"""Sentences below the table on words in it that not everybody knows."""
UNMARKED = ("module", "parameter", "item")


def main(argv: list[str]) -> int:
    """Print the modules and tensors of SOURCE, and return 0.

    Raises:
        EngineProblem: SOURCE cannot be opened.
    """
    parser = parser_for(
        "show",
        "Show the modules and tensors of a network: classes, shapes, dtypes, numbers of parameters, and what is shared "
        f"({SHARED} names the other places of the same object).",
        "modulescope show rgnet --json",
    )
    add_weights(parser)
    options = parser.parse_args(argv)
    result = CommandOutput()
    session = Session()
    session.open(options.source, seed=options.seed, device=options.device, trust=options.trust)
    loaded = load(session, options)
    if options.json:
        result.json({**report_of(session.model), "weights": loaded})
    else:
        result.lines(text_of(session.model))
    return 0


def report_of(model: OpenModel) -> dict[str, Any]:
    """Return the object that `show --json` prints, `schema` left out."""
    nodes = [model.facts(node) for node in range(len(model.tree))]
    total, trainable, size = model.totals_of_parameters()
    return {
        "source": model.source.source,
        "kind": model.source.kind,
        "class": nodes[0].class_name,
        "parameters": {"total": total, "trainable": trainable, "bytes": size},
        "modules": [_module(facts) for facts in nodes if not facts.is_tensor and facts.kind != "item"],
        "tensors": [_tensor(facts) for facts in nodes if facts.is_tensor],
        "items": [
            {"path": facts.key, "type": facts.dtype, "text": facts.detail} for facts in nodes if facts.kind == "item"
        ],
        "metadata": model.metadata or None,
        "note": model.source.note or None,
        "warnings": model.summary().warnings,
    }


def _module(facts: NodeFacts) -> dict[str, Any]:
    """Return one entry of `modules`; the numbers are None while a lazy parameter below has no size."""
    return {
        "path": facts.path,
        "class": facts.class_name,
        "inferred": facts.inferred,
        "parameters": facts.elements,
        "trainable": facts.trainable,
        "shared_with": list(facts.other_names),
        "registered": facts.registered,
        "meaning": facts.meaning or None,
    }


def _tensor(facts: NodeFacts) -> dict[str, Any]:
    """Return one entry of `tensors`; shape and bytes are None for a parameter that is not initialised yet."""
    return {
        "path": facts.key,
        "python": facts.python,
        "kind": facts.kind,
        "shape": None if facts.shape is None else list(facts.shape),
        "dtype": facts.dtype,
        "device": facts.device or None,
        "requires_grad": facts.requires_grad,
        "bytes": facts.bytes,
        "stored_bytes": facts.stored_bytes,
        "shared_with": list(facts.other_names),
        "alias_of": list(facts.alias_of),
        "overlaps": list(facts.overlaps),
        "persistent": facts.persistent,
        "registered": facts.registered,
        "meaning": facts.meaning or None,
        "place": facts.place or None,
        "parts": [part._asdict() for part in facts.parts] or None,
    }


def text_of(model: OpenModel) -> Iterator[str]:
    """Yield the tree as text, one line a module, tensor or item, safe for a terminal."""
    tree = model.tree
    nodes = [model.facts(node) for node in range(len(tree))]
    yield from table([_row(facts, tree.depths[facts.index]) for facts in nodes], WIDEST, right={2})
    yield ""
    for meaning in islice(dict.fromkeys(facts.meaning for facts in nodes if facts.word), MEANINGS):
        yield clean(meaning)
    yield from map(clean, model.closing_lines())
    for warning in model.summary().warnings:
        yield f"warning: {clean(warning)}"


def _row(facts: NodeFacts, depth: int) -> tuple[str, str, str, str, str]:
    count = facts.elements
    marks = [facts.word] if facts.word else [] if facts.kind in UNMARKED else [str(facts.kind)]
    if facts.is_tensor and facts.frozen:
        marks.append("frozen")
    if facts.other_names:
        marks.append(f"{SHARED} {_named(facts.other_names)}")
    if on := facts.overlaps:
        marks.append(f"same memory as {_named(on)}")
    elif beside := facts.alias_of:
        marks.append(f"in one flat memory with {_named(beside)}")
    blank = count is None or (count == 0 and not facts.is_tensor)
    return (
        "  " * depth + clean(facts.name, NAME),
        clean(f"~{facts.detail}" if facts.inferred else facts.detail, NAME),
        "" if blank else f"{count:,}",
        clean(facts.dtype, NAME),
        "  ".join(marks),
    )


def _named(paths: Sequence[str]) -> str:
    named = ", ".join(clean(path, NAME) or "(root)" for path in paths[:NAMES])
    return f"{named} and {len(paths) - NAMES} more" if len(paths) > NAMES else named
