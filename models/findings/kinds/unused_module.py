"""`unused_module`: modules with parameters that the last run neither called nor read, and activations never called."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn

from ...live.live_tree import Node
from ...messages.findings import Finding
from ...opened.facts import amount
from ...sources.wording import listed
from ..evidence import Evidence

ACTIVATIONS = (
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish, nn.Hardswish, nn.Tanh,
    nn.Softplus,
)  # fmt: skip
"""What stands between layers; a sigmoid or softmax may be meant for use after training."""


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield the outermost of such modules, siblings together, as a note: an expert may have had nothing to do."""
    if not evidence.ran_whole or not evidence.called.get(""):
        return
    tree = evidence.tree
    used = {node.index for node in tree.nodes if node.path in evidence.called or node.path in evidence.read}
    elsewhere = evidence.called.keys() | evidence.read.keys()
    used |= {node.index for node in tree.nodes if not elsewhere.isdisjoint(node.names)}
    siblings: dict[int, list[Node]] = {}
    skip = 0
    for node in tree.modules():
        if node.index < skip:
            continue
        below = range(node.index, tree.ends[node.index])
        if isinstance(node.item, torch.jit.ScriptModule):  # whose calls are not seen
            skip = below.stop
        elif not any(index in used for index in below):
            skip = below.stop
            if node.index and any(each.kind == "parameter" for each in tree.tensors_below(node)):
                siblings.setdefault(tree.parents[node.index], []).append(node)
            elif isinstance(node.item, ACTIVATIONS) and _is_left_out(evidence, node):
                yield _of_activation(node)
    for parent, unused in siblings.items():
        yield _of_siblings(evidence, tree.nodes[parent], unused)


def _is_left_out(evidence: Evidence, node: Node) -> bool:
    """Return whether what holds an activation was called, and others in it: a fused kernel would call none of them."""
    holder = evidence.tree.holder(node)
    beside = evidence.tree.children_of(holder)
    return holder.path in evidence.called and any(each.path in evidence.called for each in beside)


def _of_activation(node: Node) -> Finding:
    text = f"a {type(node.item).__name__} that the last run never called, unlike modules beside it: it has no effect"
    return Finding(kind="unused_module", severity="note", text=text, path=node.path)


def _of_siblings(evidence: Evidence, parent: Node, unused: list[Node]) -> Finding:
    if len(unused) == 1:
        text = "the last run neither called it nor read its parameters: they have no part in the result"
        return Finding(kind="unused_module", severity="note", text=text, path=unused[0].path)
    every = sum(isinstance(node.item, nn.Module) for node in evidence.tree.children_of(parent))
    names = listed([node.name for node in unused])
    some = f"{len(unused)} of its {amount(every, 'module')}"
    text = f"the last run neither called {some} nor read their parameters: {names}"
    return Finding(kind="unused_module", severity="note", text=text, path=parent.path)
