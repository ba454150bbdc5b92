"""What a tensor or module is to its network, in a word and a sentence: Info, `show` and JSON take it from here."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn
from torch.nn.utils.parametrize import ParametrizationList

from ..tensors.plainly import attribute
from .live_tree import LiveTree, Node
from .packed_weights import is_packed, unpacking_calls
from .paths import in_state_dict
from .registered import registry_of

USUAL = ("module", "parameter", "buffer", "constant")
"""Words that need no explanation."""
_LEFT_OUT = "not in state_dict, not moved by .to(), not given to an optimizer"


class NodeRole(NamedTuple):
    """What a node is."""

    word: str
    """Such as `parameter`; `not registered` of a parameter that its network does not know."""
    meaning: str
    """What that means for `state_dict`, `.to()` and optimizers; empty for a module like any other."""


def node_role(tree: LiveTree, node: Node) -> NodeRole:
    """Return what the module or tensor at `node` is to the network of `tree`."""
    if isinstance(node.item, nn.Module):
        if node.registered:
            return NodeRole("module", "")
        kept = "kept in a plain list, dict or attribute, so that the network does not know it"
        return NodeRole("not registered", f"not registered: {kept}")
    if node.plain:
        return _plain(tree, node)
    if not node.registered:
        prefix = "" if node.kind == "parameter" else f"{node.kind}, "
        of = f"{node.kind} of a module that is not registered: not in the network's state_dict"
        return NodeRole(f"{prefix}not registered", f"{of}, not moved by .to(), not given to an optimizer")
    if node.kind == "parameter":
        computed = _parametrized(tree, node)
        return NodeRole("parameter", "parameter: in state_dict, moved by .to(), given to an optimizer" + computed)
    if not in_state_dict(tree, node):
        return NodeRole("buffer, not persistent", "buffer, not persistent: moved by .to(), but not in state_dict")
    return NodeRole("buffer", "buffer: in state_dict, moved by .to(), never updated by an optimizer")


def _plain(tree: LiveTree, node: Node) -> NodeRole:
    if node.kind == "parameter":
        return NodeRole("not registered", f"parameter in a plain list, dict or attribute, not registered: {_LEFT_OUT}")
    computed = _computed(tree, node)
    if computed:
        return NodeRole(
            "computed", f"{computed}: a plain attribute, not in state_dict and never updated by an optimizer"
        )
    if _unpacked(tree, node):
        packed = "unpacked from the module's packed weights, which are in state_dict under names of their own"
        return NodeRole("unpacked", f"{packed}; never updated by an optimizer")
    assert isinstance(node.item, Tensor)
    function = attribute(node.item, "grad_fn")
    if function is not None:
        kept = f"result of an operation ({function.name()}), kept in a plain attribute"
        return NodeRole("constant", f"{kept}: not in state_dict, not moved by .to(), never updated by an optimizer")
    return NodeRole("constant", "plain attribute: not in state_dict, not moved by .to(), never updated by an optimizer")


def _unpacked(tree: LiveTree, node: Node) -> bool:
    """Return whether a method of a quantised module made the tensor."""
    holder = tree.holder(node).item
    if not isinstance(holder, nn.Module) or not is_packed(type(holder)):
        return False
    return any(tensor is node.item for _, _, tensor in unpacking_calls(holder))


def _computed(tree: LiveTree, node: Node) -> str:
    """Return from what a hook computes the tensor before each forward: old weight norm, spectral norm, pruning."""
    holder = tree.holder(node).item
    if node.keys or not isinstance(holder, nn.Module):
        return ""
    for hook in list((vars(holder).get("_forward_pre_hooks") or {}).values()):
        kind = type(hook)
        if not kind.__module__.startswith("torch.nn.utils."):
            continue
        if node.attribute in (vars(hook).get("name"), vars(hook).get("_tensor_name")):
            known = [*registry_of(holder, "_parameters"), *registry_of(holder, "_buffers")]
            parts = [str(name) for name in known if str(name).startswith(f"{node.attribute}_")]
            by = kind.__module__.removeprefix("torch.nn.utils.")
            return f"computed from {', '.join(parts)} before each forward, by torch.nn.utils.{by}"
    return ""


def _parametrized(tree: LiveTree, node: Node) -> str:
    """Return which tensor is computed from the parameter, where it is the original of a parametrization."""
    holder = tree.holder(node)
    if not isinstance(holder.item, ParametrizationList) or not node.attribute.startswith("original"):
        return ""
    above, _, name = holder.path.rpartition(".")
    by = ", ".join(
        dict.fromkeys(type(each).__name__.lstrip("_") for each in registry_of(holder.item, "_modules").values())
    )
    owner = above.removesuffix("parametrizations").removesuffix(".")
    return f"; {owner}.{name} is computed from it by {by}" if owner else f"; {name} is computed from it by {by}"
