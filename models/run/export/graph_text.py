"""A dataflow as text for programs that draw graphs: Mermaid and DOT, with names of any kind made safe for each."""

from __future__ import annotations

import re

from ...safe_text import clean
from ..trace.calls import Call, shape_as_text
from .module_graph import INPUT, OUTPUT, ModuleGraph

LONGEST = 80
"""Characters of one line of a label."""
_PLAIN = re.compile(r"[^\w ,:/×()\[\]+=…-]|(?<!\d)\.|\.(?!\d)|^[-+]")
"""What Mermaid could read as markup: all but letters, digits and a few signs; it is written by its number."""


def mermaid(flow: ModuleGraph) -> str:
    """Return a flowchart of Mermaid, as GitHub draws it within a fence.

    See https://mermaid.js.org/syntax/flowchart.html for quoted labels and entity codes.
    """
    lines = ["flowchart TD"]
    for name, label in _labels(flow):
        text = "<br/>".join(_PLAIN.sub(lambda match: f"#{ord(match.group())};", line) for line in label)
        lines.append(f'    {name}["{text}"]')
    lines += [f"    {_name(a)} --> {_name(b)}" for a, b in flow.edges]
    return "\n".join(lines) + "\n"


def dot(flow: ModuleGraph) -> str:
    """Return a digraph of Graphviz; see https://graphviz.org/doc/info/lang.html for quoted strings."""
    title = _quoted(clean(flow.module.module or flow.module.op, LONGEST))
    lines = [f"digraph {title} {{", "    node [shape=box];"]
    lines += [f"    {name} [label={_quoted(*label)}];" for name, label in _labels(flow)]
    lines += [f"    {_name(a)} -> {_name(b)};" for a, b in flow.edges]
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(*lines: str) -> str:
    """Return lines as one string of DOT: only quotes and backslashes mean something there."""
    return '"' + "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in lines) + '"'


def _name(index: int) -> str:
    return {INPUT: "input", OUTPUT: "output"}.get(index, f"c{index}")


def _labels(flow: ModuleGraph) -> list[tuple[str, list[str]]]:
    """Return the name of each node and the lines of its label, those of what came in and went out at the ends."""
    used = {index for edge in flow.edges for index in edge}
    shapes = ", ".join(shape_as_text(shape) or "·" for shape in flow.module.inputs)
    found = [(_name(INPUT), ["input", shapes])] if INPUT in used else []
    found += [(_name(call.index), _lines(call, flow.module.module)) for call in flow.nodes]
    if OUTPUT in used:
        found.append((_name(OUTPUT), ["output", shape_as_text(flow.module.output)]))
    return [(name, [clean(line, LONGEST) for line in lines if line]) for name, lines in found]


def _lines(call: Call, within: str) -> list[str]:
    times = f" ×{call.repeat:,}" if call.repeat > 1 else ""
    shape = shape_as_text(call.output)
    if call.kind == "operation":
        return [f"{call.op}{times}", shape, "failed" if call.failed else ""]
    path = call.module.removeprefix(f"{within}.") if within else call.module
    return [path, f"{call.op}{times}", shape, "failed" if call.failed else ""]
