"""The facts of a module, in titled groups."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor, nn

from ...opened.facts import FactList
from ...tensors.tensors import element_count, size_in_bytes
from ..kinds import node_role
from ..paths import python_path
from ..registered import buffers_in, modules_in, parameters_in, registry_of, training_of
from .class_source import find_class
from .plain_value import function_name, is_own_hook, plain_value
from .source_code import class_of, name_of_class, original_of

if TYPE_CHECKING:
    from ..live_tree import LiveTree, Node

ATTRIBUTE_LIMIT = 100
"""Attributes that are shown."""
CHILDREN_LIMIT = 100
"""Names of children that are shown."""
_HOOKS = {
    "Before forward": "_forward_pre_hooks",
    "After forward": "_forward_hooks",
    "Before backward": "_backward_pre_hooks",
    "After backward": "_backward_hooks",
    "Before state_dict": "_state_dict_pre_hooks",
    "After state_dict": "_state_dict_hooks",
    "Before load_state_dict": "_load_state_dict_pre_hooks",
    "After load_state_dict": "_load_state_dict_post_hooks",
}


def module_groups(tree: LiveTree, node: Node, module: nn.Module) -> list[FactList]:
    """Return all groups of facts of the module at `node`, empty ones included."""
    return [
        _name(tree, node, module),
        _size(tree, node, module),
        _code(module),
        _attributes(module),
        _hooks(module),
        _sharing(node),
    ]


def _name(tree: LiveTree, node: Node, module: nn.Module) -> FactList:
    group = FactList("Name")
    group.add("Path", node.path)
    group.add("Python", lambda: python_path(tree, node, tree.name))
    group.add("Class", lambda: name_of_class(class_of(module)))
    group.add("Arguments", lambda: str(module.extra_repr()))
    group.add("Mode", {True: "train", False: "eval", None: ""}[training_of(module)])
    group.add("Kind", node_role(tree, node).meaning)
    return group


def _size(tree: LiveTree, node: Node, module: nn.Module) -> FactList:
    group = FactList("Size")
    every = parameters_in(module)  # each shared tensor once
    registered = registry_of(module, "_parameters").values()
    own = {id(tensor): tensor for tensor in registered if isinstance(tensor, Tensor)}
    below = len(modules_in(module)) - 1
    children = [child.name for child in tree.children_of(node) if not child.is_tensor]
    group.add("Parameters", lambda: _elements(every))
    group.add("Trainable", lambda: _elements([tensor for tensor in every if tensor.requires_grad]))
    group.add("Own", lambda: _elements(list(own.values())))
    group.add("Bytes", lambda: _bytes(every, list(buffers_in(module))))
    group.add("Modules below", f"{below:,}")
    more = f", … {len(children):,} in all" if len(children) > CHILDREN_LIMIT else ""
    group.add("Children", ", ".join(children[:CHILDREN_LIMIT]) + more)
    return group


def _elements(tensors: Sequence[Tensor]) -> str:
    sizes = [element_count(tensor) for tensor in tensors]
    lazy = sizes.count(None)
    inside = f"in {len(tensors):,} tensor{'s' * (len(tensors) != 1)}" + f", {lazy:,} of unknown size" * bool(lazy)
    return f"{sum(size or 0 for size in sizes):,} ({inside})"


def _bytes(parameters: Sequence[Tensor], buffers: Sequence[Tensor]) -> str:
    own, more = (sum(size_in_bytes(tensor) or 0 for tensor in tensors) for tensors in (parameters, buffers))
    return f"{own:,}" + (f", and {more:,} of buffers" if more else "")


def _code(module: nn.Module) -> FactList:
    group = FactList("Code")
    kind = class_of(original_of(module))
    group.add("About", lambda: _first_sentence(kind))
    group.add("forward", lambda: _signature(module))
    group.add("Defined in", lambda: _defined_in(kind))
    return group


def _first_sentence(kind: type) -> str:
    text = vars(kind).get("__doc__")  # only the class's own: every module inherits that of nn.Module
    return inspect.cleandoc(text).split("\n", 1)[0] if isinstance(text, str) else ""


def _signature(module: nn.Module) -> str:
    return f"forward{inspect.signature(module.forward)}"


def _defined_in(kind: type) -> str:
    found = find_class(kind)
    return f"{found.file}:{found.first_line}" if found else ""


def _attributes(module: nn.Module) -> FactList:
    group = FactList("Attributes")
    for name, value in list(vars(module).items()):
        if name.startswith("_") or name == "training" or len(group.facts) >= ATTRIBUTE_LIMIT:
            continue
        group.add(str(name), lambda value=value: plain_value(value) or "")  # type: ignore[misc]
    return group


def _hooks(module: nn.Module) -> FactList:
    group = FactList("Hooks")
    for label, attribute in _HOOKS.items():
        for hook in list((vars(module).get(attribute) or {}).values()):
            hook = getattr(hook, "hook", hook)  # torch wraps some of them
            if not is_own_hook(hook):
                group.add(label, lambda hook=hook: function_name(hook))  # type: ignore[misc]
    return group


def _sharing(node: Node) -> FactList:
    group = FactList("Sharing")
    group.links("Same object", node.shared_with)
    return group
