"""How a node is written: as Python that evaluates to the very object, as state-dict key, and the other forms to copy.

The Python form is the shortest correct one: `[0]` and `['k']` for torch's containers, `.name` where that is valid
Python and nothing shadows it, `getattr(...)` for other names, the registry itself as a last resort.  No code of the
user's network is called to find out.
"""

from __future__ import annotations

from keyword import iskeyword
from unicodedata import normalize

import torch
from torch import nn

from ..messages import PathForm
from ..opened.path_forms import path_form, value_forms
from ..tensors.torch_readable import readable_of
from .live_tree import LiveTree, Node
from .own_container import OwnContainer

_REGISTRIES = {"parameter": "_parameters", "buffer": "_buffers", "module": "_modules"}


def python_path(tree: LiveTree, node: Node, name: str = "net") -> str:
    """Return Python that evaluates to the node's very object where `name` is the root: `net[0][1][0].bias`."""
    chain = []
    while node.index:
        chain.append(node)
        node = tree.holder(node)
    text = name
    for part in reversed(chain):
        holder = tree.holder(part).item
        assert isinstance(holder, nn.Module)
        text = _append(text, holder, part)
    return text


def path_in_holder(tree: LiveTree, node: Node, name: str) -> str:
    """Return Python that evaluates to what the node is in another module like its holder, where `name` is that one."""
    holder = tree.holder(node).item
    assert isinstance(holder, nn.Module)
    return _append(name, holder, node)


def getter_call(tree: LiveTree, node: Node, name: str = "net") -> str | None:
    """Return `net.get_parameter('0.bias')`, or the like for modules and buffers; None where torch's getter fails."""
    if not node.index or not node.registered or isinstance(tree.root, OwnContainer):
        return None
    method = {"parameter": "get_parameter", "buffer": "get_buffer", "module": "get_submodule"}[node.kind]
    if not _inherits(type(tree.root), nn.Module, method, "get_submodule"):
        return None  # those of TorchScript raise
    part = node
    while part.index:
        holder = tree.holder(part).item
        if not part.name or "." in part.name or _is_shadowed(holder, part):
            return None
        part = tree.holder(part)
    return f"{name}.{method}({node.path!r})"


def in_state_dict(tree: LiveTree, node: Node) -> bool:
    """Return whether the node's path is a key of `state_dict()`: a registered parameter or persistent buffer."""
    if not node.registered or not node.is_tensor:
        return False
    holder = tree.holder(node).item
    return node.kind == "parameter" or node.name not in getattr(holder, "_non_persistent_buffers_set", ())


def node_path_forms(
    tree: LiveTree, node: Node, where: str | None = None, name: str = "net", made: str | None = None
) -> list[PathForm]:
    """Return the forms in which a node can be copied, the plain key first.

    `where` is `file:line` of its class, None if unknown, and `made` that of the user's line that makes it;
    `name` stands for the root.
    """
    python = python_path(tree, node, name)
    forms = []
    if node.index:
        stored = in_state_dict(tree, node) and not isinstance(tree.root, OwnContainer)
        forms.append(path_form("State-dict key" if stored else "Path", node.path))
        forms.append(path_form("Python", python))
        call = getter_call(tree, node, name)
        if call is not None:
            forms.append(path_form("By its path", call))
        if stored:
            forms.append(path_form("From the state dict", f"{name}.state_dict()[{node.path!r}]"))
    else:
        forms.append(path_form("Python", python))
    if isinstance(node.item, torch.Tensor):
        forms += value_forms(readable_of(node.item))
    if made:
        forms.append(path_form("Your line that makes it", made))
    if where:
        forms.append(path_form("File and line of the class", where))
    return forms


def _append(text: str, holder: nn.Module, node: Node) -> str:
    if isinstance(holder, OwnContainer):
        return holder.python_for(text, node.name)
    if node.keys:
        text = _attribute(text, node.attribute) if not _is_shadowed(holder, node) else _from_vars(text, node)
        for key in node.keys:
            text = f"{text}{key}" if isinstance(key, str) else f"list({text}.values())[{key}]"
        return text
    subscript = _subscript(holder, node)
    if subscript is not None:
        return text + subscript
    if not _is_shadowed(holder, node):
        return _attribute(text, node.attribute)
    if node.kind in _REGISTRIES and not node.plain:
        return f"{text}.{_REGISTRIES[node.kind]}[{node.attribute!r}]"
    return _from_vars(text, node)


def _from_vars(text: str, node: Node) -> str:
    return f"vars({text})[{node.attribute!r}]"


def _attribute(text: str, name: str) -> str:
    if name.isidentifier() and not iskeyword(name) and normalize("NFKC", name) == name:
        return f"{text}.{name}"
    return f"getattr({text}, {name!r})"


def _subscript(holder: nn.Module, node: Node) -> str | None:
    """Return `[0]` or `['k']` where the holder is a container of torch whose subscript gives the node, else None."""
    kind = type(holder)
    if node.kind == "module":
        if isinstance(holder, nn.Sequential):
            return f"[{node.position}]" if _inherits(kind, nn.Sequential, "__getitem__", "__len__") else None
        if isinstance(holder, nn.ModuleList) and _inherits(kind, nn.ModuleList, "__getitem__", "__len__"):
            return f"[{node.name}]" if _is_list_index(node.name, len(holder._modules)) else None
        if isinstance(holder, nn.ModuleDict) and _inherits(kind, nn.ModuleDict, "__getitem__"):
            return f"[{node.name!r}]"
    elif node.kind == "parameter" and not node.plain and not _is_shadowed(holder, node):
        if isinstance(holder, nn.ParameterList) and _inherits(kind, nn.ParameterList, "__getitem__", "__len__"):
            return f"[{node.name}]" if _is_list_index(node.name, len(holder)) else None
        if isinstance(holder, nn.ParameterDict) and _inherits(kind, nn.ParameterDict, "__getitem__"):
            return f"[{node.name!r}]" if node.name in holder._keys else None
    return None


def _is_list_index(name: str, length: int) -> bool:
    """Return whether `name` is an index below `length` as torch's lists write it: `0`, not `00` or `٠`."""
    return name.isascii() and name.isdecimal() and str(int(name)) == name and int(name) < length


def _inherits(kind: type, container: type, *methods: str) -> bool:
    return all(getattr(kind, method) is getattr(container, method) for method in methods)


def _is_shadowed(holder: object, node: Node) -> bool:
    """Return whether `holder.<name>` gives something else than the node.

    Python looks up data descriptors of the class, the instance's own attributes, other attributes of the class (Python
    reference, 3.3.2 "Customizing attribute access"); only then `nn.Module.__getattr__` looks up parameters, buffers
    and modules, in this order.
    """
    name = node.attribute
    in_class = next((vars(kind)[name] for kind in type(holder).__mro__ if name in vars(kind)), _MISSING)
    if node.plain or node.kind not in _REGISTRIES:
        return hasattr(type(in_class), "__set__")
    if in_class is not _MISSING or name in vars(holder):
        return True
    before = {"parameter": (), "buffer": ("_parameters",), "module": ("_parameters", "_buffers")}[node.kind]
    return any(name in getattr(holder, registry) for registry in before)


_MISSING = object()
