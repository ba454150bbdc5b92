"""`unregistered`: parameters and modules that the network does not know, for they are in a plain list or attribute."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from ...live.kinds import node_role
from ...live.live_tree import Node
from ...live.registered import parameters_in
from ...messages.findings import Finding, Severity
from ...opened.facts import amount
from ...tensors.plainly import attribute
from ...tensors.tensors import class_name, requires_grad
from ..evidence import Evidence

STEPS = 6
"""Operations between a tensor and the one it is computed from, up to which it is said to be that one's: a cast, a
product with a number, a transposition."""
LEFT_OUT = "not in state_dict, not moved by .to(), not given to an optimizer"


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield each hidden module and tensor that is registered nowhere; a warning for what could be trained."""
    known = {id(node.item) for node in evidence.tree.nodes if node.registered}
    given = set() if evidence.trace is None else {id(each()) for each in evidence.trace.given}
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
            yield _of_constant(node, tensor, known | given)


def _of_constant(node: Node, tensor: Tensor, known: set[int]) -> Finding:
    """Return the finding of a tensor that is no parameter: what requires a gradient itself was meant to be one.

    Unless it is among the `known`, which the network holds or was given: some keep their input for later.
    """
    text = "a plain attribute: not in state_dict, not moved by .to(); register_buffer keeps it with the network"
    severity: Severity = "note"
    function = attribute(tensor, "grad_fn")
    if requires_grad(tensor) and function is None and id(tensor) not in known:
        mends = "nn.ParameterList of nn.Parameter" if node.keys else "nn.Parameter"
        text = f"a plain tensor that requires a gradient: {LEFT_OUT}; {mends} registers it"
        severity = "warning"
    elif function is not None and (lost := _only_leaf(function)) is not None and id(lost) not in known:
        text = (
            f"computed from a tensor that requires a gradient and that the network does not hold: {LEFT_OUT}; "
            "nn.Parameter around the whole, as in nn.Parameter(torch.rand(3).double()), registers it"
        )
        severity = "warning"
    return Finding(kind="unregistered", severity=severity, text=text, path=node.path)


def _only_leaf(function: object) -> Tensor | None:
    """Return the tensor from which a few steps of a graph, one behind the other, lead; None for any other graph."""
    for _ in range(STEPS):
        if (leaf := getattr(function, "variable", None)) is not None:
            return leaf if isinstance(leaf, Tensor) else None
        below = [each for each, _ in getattr(function, "next_functions", ()) if each is not None]
        if len(below) != 1:
            return None
        function = below[0]
    return None


def _of_module(node: Node, module: nn.Module) -> Finding:
    parameters = parameters_in(module)
    trained = [parameter for parameter in parameters if requires_grad(parameter)]
    kept = "a plain list or dict" if node.keys else "a plain attribute"
    text = f"{class_name(module)} in {kept}, with {amount(len(parameters), 'parameter tensor')}: {LEFT_OUT}"
    if node.keys:
        text += "; nn.ModuleList or nn.ModuleDict registers it"
    return Finding(kind="unregistered", severity="warning" if trained else "note", text=text, path=node.path)
