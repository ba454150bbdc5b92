"""The facts of a module."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor, nn

from ...opened.facts import Group
from ...tensors.tensors import elements, size_in_bytes
from ..paths import python_path
from ..registered import buffers_in, entries, modules_in, parameters_in, training_of
from .class_source import find_class
from .plain_value import function_name, is_ours, plain_value
from .source_code import class_of, original_of

if TYPE_CHECKING:
    from ..outline import Node, Outline

MOST_ATTRIBUTES = 100
MOST_CHILDREN = 100
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


def module_groups(outline: Outline, node: Node, module: nn.Module) -> list[Group]:
    """All groups of facts of one module; empty ones included."""
    return [
        _name(outline, node, module),
        _size(outline, node, module),
        _code(module),
        _attributes(module),
        _hooks(module),
        _sharing(node),
    ]


def _name(outline: Outline, node: Node, module: nn.Module) -> Group:
    group = Group("Name")
    group.add("Path", node.path)
    group.add("Python", lambda: python_path(outline, node, outline.name))
    group.add("Class", lambda: f"{class_of(module).__module__}.{class_of(module).__qualname__}")
    group.add("Arguments", lambda: str(module.extra_repr()))
    group.add("Mode", {True: "train", False: "eval", None: ""}[training_of(module)])
    if not node.registered:
        group.add(
            "Kind", "not registered: kept in a plain list, dict or attribute, so that the network does not know it"
        )
    return group


def _size(outline: Outline, node: Node, module: nn.Module) -> Group:
    group = Group("Size")
    every = parameters_in(module)  # each shared tensor once
    registered = entries(module, "_parameters").values()
    own = {id(tensor): tensor for tensor in registered if isinstance(tensor, Tensor)}
    below = len(modules_in(module)) - 1
    children = [child.name for child in outline.children(node) if not child.is_tensor]
    group.add("Parameters", lambda: _elements(every))
    group.add("Trainable", lambda: _elements([tensor for tensor in every if tensor.requires_grad]))
    group.add("Own", lambda: _elements(list(own.values())))
    group.add("Bytes", lambda: _bytes([*every, *buffers_in(module)]))
    group.add("Modules below", f"{below:,}")
    more = f", … {len(children):,} in all" if len(children) > MOST_CHILDREN else ""
    group.add("Children", ", ".join(children[:MOST_CHILDREN]) + more)
    return group


def _elements(tensors: Sequence[Tensor]) -> str:
    sizes = [elements(tensor) for tensor in tensors]
    lazy = sizes.count(None)
    inside = f"in {len(tensors):,} tensor{'s' * (len(tensors) != 1)}" + f", {lazy:,} of unknown size" * bool(lazy)
    return f"{sum(size or 0 for size in sizes):,} ({inside})"


def _bytes(tensors: Sequence[Tensor]) -> str:
    return f"{sum(size_in_bytes(tensor) or 0 for tensor in tensors):,} (parameters and buffers)"


def _code(module: nn.Module) -> Group:
    group = Group("Code")
    kind = class_of(original_of(module))
    group.add("About", lambda: _first_sentence(kind))
    group.add("forward", lambda: _signature(module))
    group.add("Defined in", lambda: _place(kind))
    return group


def _first_sentence(kind: type) -> str:
    text = vars(kind).get("__doc__")  # of the class itself: every module inherits that of nn.Module
    return inspect.cleandoc(text).split("\n", 1)[0] if isinstance(text, str) else ""


def _signature(module: nn.Module) -> str:
    return f"forward{inspect.signature(module.forward)}"


def _place(kind: type) -> str:
    found = find_class(kind)
    return f"{found.file}:{found.first_line}" if found else ""


def _attributes(module: nn.Module) -> Group:
    group = Group("Attributes")
    for name, value in list(vars(module).items()):
        if name.startswith("_") or name == "training" or len(group.facts) >= MOST_ATTRIBUTES:
            continue
        group.add(str(name), lambda value=value: plain_value(value) or "")  # type: ignore[misc]
    return group


def _hooks(module: nn.Module) -> Group:
    group = Group("Hooks")
    for label, attribute in _HOOKS.items():
        for hook in list((vars(module).get(attribute) or {}).values()):
            hook = getattr(hook, "hook", hook)  # torch wraps some of them
            if not is_ours(hook):
                group.add(label, lambda hook=hook: function_name(hook))  # type: ignore[misc]
    return group


def _sharing(node: Node) -> Group:
    group = Group("Sharing")
    group.links("Same object", node.shared_with)
    return group
