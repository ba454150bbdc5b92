"""`unregistered`: parameters and modules that the network does not know, for they are in a plain list or attribute."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from ...live.kinds import node_role
from ...live.live_tree import Node
from ...live.registered import parameters_in
from ...messages.findings import Finding, Severity
from ...opened.facts import amount
from ...tensors.tensors import class_name, requires_grad
from ..evidence import Evidence

LEFT_OUT = "not in state_dict, not moved by .to(), not given to an optimizer"


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each hidden module and tensor that is registered nowhere; a warning for what could be trained."""
    known = {id(node.item) for node in evidence.tree.nodes if node.registered}
    for node, module in evidence.modules():
        if node.plain and id(module) not in known:
            yield _of_module(node, module)
    for node, tensor in evidence.tensors():
        if not node.plain or id(tensor) in known:
            continue
        if node.kind == "parameter":
            trained = requires_grad(tensor)
            mends = "; nn.ParameterList or an attribute of its own registers it" if node.keys else ""
            text = f"a parameter in a plain {'list or dict' if node.keys else 'attribute'}: {LEFT_OUT}{mends}"
            severity: Severity = "warning" if trained else "note"
            yield Finding(kind="unregistered", severity=severity, text=text, path=node.path)
        elif node_role(evidence.tree, node).word == "constant":
            text = "a plain attribute: not in state_dict, not moved by .to(); register_buffer keeps it with the network"
            yield Finding(kind="unregistered", severity="note", text=text, path=node.path)


def _of_module(node: Node, module: nn.Module) -> Finding:
    parameters = parameters_in(module)
    trained = [parameter for parameter in parameters if requires_grad(parameter)]
    kept = "a plain list or dict" if node.keys else "a plain attribute"
    text = f"{class_name(module)} in {kept}, with {amount(len(parameters), 'parameter tensor')}: {LEFT_OUT}"
    if node.keys:
        text += "; nn.ModuleList or nn.ModuleDict registers it"
    return Finding(kind="unregistered", severity="warning" if trained else "note", text=text, path=node.path)
