"""Of `module_graph`, `graph_text`: who reads whose results, and what programs that draw it read."""

from __future__ import annotations

import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from models.live.live_tree import LiveTree
from models.run.export.graph_text import dot, mermaid
from models.run.export.module_graph import INPUT, OUTPUT, ModuleGraph, NoGraph, graph_of
from models.run.trace.calls import Call
from models.run.trace.tracing import Trace, tracing
from tests.cases import examples

HOSTILE = ['a"]; B["x', "1. <b>|`*_#;}{", "-end\\", "%% --> end", "\x1b[31m\n\u202e", "graph TD"]


class Block(nn.Module):
    """Its input is added to what `fc` gives, and what `unused` gives is dropped."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.unused = nn.Sequential(nn.Linear(4, 4), nn.ReLU()), nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        h = self.fc(x)
        self.unused(h)
        return h + x


def calls_of(net: nn.Module, *args: object, **kwargs: object) -> list[Call]:
    trace = Trace()
    with tracing(net, LiveTree.of(net), trace):
        net(*args, **kwargs)
    return trace.calls


def named(flow: ModuleGraph) -> list[tuple[str, str]]:
    names = {INPUT: "input", OUTPUT: "output"} | {row.index: row.module or row.op for row in flow.nodes}
    names |= {row.index: row.op for row in flow.nodes if row.kind == "operation"}
    return sorted((names[a], names[b]) for a, b in flow.edges)


BLOCK = [("add", "output"), ("fc", "add"), ("fc", "unused"), ("input", "add"), ("input", "fc")]


def test_a_residual_path_and_a_result_that_is_dropped() -> None:
    assert named(graph_of(calls_of(Block(), torch.rand(2, 4)), "")) == BLOCK
    assert named(graph_of(calls_of(Block(), x=torch.rand(2, 4)), "")) == BLOCK, "a keyword argument is an input too"


def test_of_a_module_within() -> None:
    calls = calls_of(nn.Sequential(nn.Linear(4, 4), Block(), nn.Linear(4, 2)), torch.rand(2, 4))
    within = [(a.removeprefix("1."), b.removeprefix("1.")) for a, b in named(graph_of(calls, "1"))]
    assert sorted(within) == BLOCK
    assert named(graph_of(calls, "1.fc")) == [("1.fc.0", "1.fc.1"), ("1.fc.1", "output"), ("input", "1.fc.0")]


def test_a_loop_leads_to_itself() -> None:
    class Loop(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            for _ in range(5):
                x = self.cell(x)
            return x

    flow = graph_of(calls_of(Loop(), torch.rand(2, 4)), "")
    assert [row.repeat for row in flow.nodes] == [5]
    assert named(flow) == [("cell", "cell"), ("cell", "output"), ("input", "cell")]


def test_where_there_is_none() -> None:
    calls = calls_of(Block(), torch.rand(2, 4))
    with pytest.raises(NoGraph, match=r"^no was not called in this run$"):
        graph_of(calls, "no")
    with pytest.raises(NoGraph, match="unused is one operation"):
        graph_of(calls, "unused")


class Mermaid:
    """A flowchart as Mermaid's grammar reads it, as far as it is written here; anything else is an error."""

    NODE = re.compile(r'    ([a-z]\w*)\["((?:[^"#]|#\d+;)*)"\]')
    EDGE = re.compile(r"    ([a-z]\w*) --> ([a-z]\w*)")

    def __init__(self, text: str) -> None:
        first, *lines = text.removesuffix("\n").split("\n")
        assert first == "flowchart TD"
        self.labels: dict[str, list[str]] = {}
        self.edges: list[tuple[str, str]] = []
        for line in lines:
            if node := self.NODE.fullmatch(line):
                parts = node[2].split("<br/>")
                assert not any(sign in part for part in parts for sign in "<>`{}|\\&%*")
                self.labels[node[1]] = [re.sub(r"#(\d+);", lambda code: chr(int(code[1])), part) for part in parts]
            else:
                edge = self.EDGE.fullmatch(line)
                assert edge is not None, line
                self.edges.append((edge[1], edge[2]))
        assert {end for edge in self.edges for end in edge} <= self.labels.keys()


def read_dot(text: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return labels and edges of a digraph, by the rules of its strings: backslashes before a quote, n or another."""
    string = r'"((?:[^"\\]|\\["\\n])*)"'
    lines = text.removesuffix("\n").split("\n")
    assert re.fullmatch(rf"digraph {string} {{", lines[0])
    assert (lines[1], lines[-1]) == ("    node [shape=box];", "}")
    labels, edges = {}, []
    for line in lines[2:-1]:
        if node := re.fullmatch(rf"    (\w+) \[label={string}\];", line):
            labels[node[1]] = re.sub(r"\\(.)", lambda each: "\n" if each[1] == "n" else each[1], node[2])
        else:
            edge = re.fullmatch(r"    (\w+) -> (\w+);", line)
            assert edge is not None, line
            edges.append((edge[1], edge[2]))
    return labels, edges


def test_both_formats_say_the_same() -> None:
    flow = graph_of(calls_of(Block(), torch.rand(2, 4)), "")
    drawn = Mermaid(mermaid(flow))
    labels, edges = read_dot(dot(flow))
    assert drawn.edges == edges
    assert {name: "\n".join(lines) for name, lines in drawn.labels.items()} == labels
    assert labels["input"] == "input\n[2, 4]"
    assert labels["output"] == "output\n[2, 4]"
    assert labels["c1"] == "fc\nSequential\n[2, 4]"
    assert ("input", "c1") in edges


@settings(max_examples=examples(60), deadline=None)
@given(st.one_of(st.sampled_from(HOSTILE), st.text()))
def test_names_of_any_kind_stay_names(name: str) -> None:
    root = Call(module="", op="Net", kind="module", depth=0, index=0)
    call = Call(module=name or "a", op=name or "a", kind="module", depth=1, index=1, reads_input=True)
    flow = graph_of([root, call], "")
    drawn, (labels, edges) = Mermaid(mermaid(flow)), read_dot(dot(flow))
    assert drawn.edges == edges == [("input", "c1")]
    assert "\n".join(drawn.labels["c1"]) == labels["c1"]
    assert labels["c1"].split("\n")[0] == labels["c1"].split("\n")[1]
    if name.isalnum() and name.isascii():
        assert labels["c1"].split("\n")[0] == name[:80] or len(name) > 80
