"""Which parameters a scope means, in the order in which they are filled, and which of them are left alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor, nn

from ..live.live_tree import LiveTree, Node
from ..live.registered import modules_in, parameters_in
from ..messages.initialising import ScopeKind
from ..tensors.absence import absence_of, is_wrapper
from ..tensors.distributed import is_distributed
from ..tensors.plainly import plainly
from ..tensors.tensors import class_name
from ..tree.globs import Glob


@dataclass(frozen=True, slots=True)
class Scope:
    """A choice of parameters."""

    kind: ScopeKind
    path: str = ""
    """Of `this`: a parameter, or a module with all that is below it."""
    text: str = ""
    """Of `class` the name of a class of modules; of `pattern` a pattern of paths such as `layers.*.weight` (`Glob`)."""


Role = Literal["weight", "bias", "other"]
"""`other`: what is neither, such as the scale of a normalisation, and is left alone beside weights of a subtree or
pattern.  By itself, and of a class, it counts as a weight."""


@dataclass(frozen=True, slots=True)
class Target:
    """One parameter of a scope."""

    node: Node
    holder: nn.Module
    """The module that holds it under its first name."""
    role: Role
    why_not: str = ""
    """Why it is left alone whatever the rule; empty for one that can be filled."""

    @property
    def tensor(self) -> Tensor:
        """Return the parameter."""
        assert isinstance(self.node.item, Tensor)
        return self.node.item


def is_bias(name: str) -> bool:
    """Return whether a parameter of this name is a bias: `bias`, `in_proj_bias`, `bias_ih_l0`."""
    return "bias" in name


@plainly
def targets_of(tree: LiveTree, scope: Scope) -> list[Target]:
    """Return the parameters of a scope, each object once, in the order of `named_parameters()`."""
    single = is_single(tree, scope)
    found: dict[int, Target] = {}
    for node in _nodes(tree, scope):
        if id(node.item) not in found:
            holder = tree.holder(node).item
            assert isinstance(holder, nn.Module)
            assert isinstance(node.item, Tensor)
            why = _why_not(node.item)
            role: Role = "bias" if is_bias(node.attribute) and not single else "weight"
            if not why and node.item.dim() < 2 and role == "weight":
                role = "other"
            found[id(node.item)] = Target(node, holder, role, why)
    targets = list(found.values())
    if scope.kind == "class" or not any(target.role == "weight" and not target.why_not for target in targets):
        targets = [replace(each, role="weight") if each.role == "other" else each for each in targets]
    return targets


def is_single(tree: LiveTree, scope: Scope) -> bool:
    """Return whether the scope is one parameter, which is filled whatever its name and shape."""
    node = tree.at(scope.path) if scope.kind == "this" else None
    return node is not None and node.is_tensor


def class_of_name(name: str) -> type[nn.Module] | None:
    """Return the class of `torch.nn` of this name; None for a class of the user's."""
    found = getattr(nn, name, None)
    return found if isinstance(found, type) and issubclass(found, nn.Module) else None


def modules_of(tree: LiveTree, name: str) -> list[nn.Module]:
    """Return the modules of a class, with those of its subclasses where it is torch's, in the order of `modules()`."""
    kind = class_of_name(name)
    return [
        module
        for module in modules_in(tree.root)
        if (isinstance(module, kind) if kind is not None else class_name(module) == name)
    ]


def classes_in(tree: LiveTree) -> list[tuple[str, int]]:
    """Return the classes whose modules hold parameters of their own, each with how many, the most frequent first."""
    counts: dict[str, int] = {}
    for module in modules_in(tree.root):
        if any(isinstance(each, Tensor) for each in getattr(module, "_parameters", {}).values()):
            counts[class_name(module)] = counts.get(class_name(module), 0) + 1
    return sorted(counts.items(), key=lambda each: -each[1])


def _nodes(tree: LiveTree, scope: Scope) -> Iterator[Node]:
    if scope.kind == "this":
        node = tree.at(scope.path)
        if node is None:
            return
        if isinstance(node.item, nn.Module):
            meant = set(map(id, parameters_in(node.item)))
            yield from (each for each in tree.tensors_below(node) if id(each.item) in meant and not each.plain)
        elif node.kind == "parameter":
            yield node
        return
    registered = [node for node in tree.nodes if node.kind == "parameter" and node.registered]
    if scope.kind == "pattern":
        yield from (node for node in registered if Glob(scope.text).matches(node.path))
        return
    holders = set(map(id, modules_of(tree, scope.text)))
    yield from (node for node in registered if id(tree.holder(node).item) in holders)


def _why_not(tensor: Tensor) -> str:
    absence, reason = absence_of(tensor)
    if absence:
        return reason
    if is_distributed(tensor) or is_wrapper(tensor):
        return f"a {type(tensor).__name__}: filling it may need the other ranks, and is left to the program"
    if not tensor.is_floating_point():
        return f"{str(tensor.dtype).removeprefix('torch.')}, which no initialiser fills"
    if tensor.layout is not torch.strided:
        return "not a dense tensor"
    return "" if tensor.numel() else "it has no elements"
