"""How a node is written: as Python that gives the very object, as a state-dict key, and the other forms to copy.

The Python form is the shortest that is right: `[0]` and `['k']` for torch's containers, `.name` where that is Python
and nothing else of that name stands before it, `getattr(...)` for other names, the registry itself as a last resort.
Nothing of the user's network is called to find out.
"""

from __future__ import annotations

from keyword import iskeyword
from unicodedata import normalize

import torch
from torch import nn

from ..messages import PathForm
from ..tensors.notation import TEXT_LIMIT
from ..tensors.value_text import as_csv, as_numpy, as_python
from .outline import Node, Outline
from .own_container import OwnContainer

_REGISTRIES = {"parameter": "_parameters", "buffer": "_buffers", "module": "_modules"}


def python_path(outline: Outline, node: Node, name: str = "net") -> str:
    """Python that evaluates to the node's very object where `name` is the root: `net[0][1][0].bias`."""
    chain = []
    while node.parent >= 0:
        chain.append(node)
        node = outline.nodes[node.parent]
    text = name
    for step in reversed(chain):
        holder = outline.nodes[step.parent].item
        assert isinstance(holder, nn.Module)
        text = _step(text, holder, step)
    return text


def getter(outline: Outline, node: Node, name: str = "net") -> str | None:
    """`net.get_parameter('0.bias')` or its sister for modules and buffers; None where torch's own getter cannot."""
    if node.parent < 0 or not node.registered or isinstance(outline.root, OwnContainer):
        return None
    method = {"parameter": "get_parameter", "buffer": "get_buffer", "module": "get_submodule"}[node.kind]
    if not _inherits(type(outline.root), nn.Module, method, "get_submodule"):
        return None  # TorchScript has them raise
    step = node
    while step.parent >= 0:
        holder = outline.nodes[step.parent].item
        if not step.name or "." in step.name or _hidden_by(holder, step):
            return None
        step = outline.nodes[step.parent]
    return f"{name}.{method}({node.path!r})"


def in_state_dict(outline: Outline, node: Node) -> bool:
    """Whether the node's path is a key of `state_dict()`: a registered parameter, or buffer that is persistent."""
    if not node.registered or not node.is_tensor:
        return False
    holder = outline.nodes[node.parent].item
    return node.kind == "parameter" or node.name not in getattr(holder, "_non_persistent_buffers_set", ())


def path_forms(
    outline: Outline, node: Node, where: str | None = None, cell: tuple[int, ...] | None = None, name: str = "net"
) -> list[PathForm]:
    """The forms in which a node can be copied, the plain key first.

    `where` is `file:line` of its class, where known.  `cell` is the full index of the element that is looked at.  A
    tensor's value comes as Python, NumPy and CSV text, each cut to 100,000 characters.
    """
    python = python_path(outline, node, name)
    forms = []
    if node.parent >= 0:
        stored = in_state_dict(outline, node) and not isinstance(outline.root, OwnContainer)
        forms.append(_form("State-dict key" if stored else "Path", node.path))
        forms.append(_form("Python", python))
        getting = getter(outline, node, name)
        if getting is not None:
            forms.append(_form("By its path", getting))
        if stored:
            forms.append(_form("From the state dict", f"{name}.state_dict()[{node.path!r}]"))
    else:
        forms.append(_form("Python", python))
    if isinstance(node.item, torch.Tensor):
        forms += _values(node.item, python, cell)
    if where:
        forms.append(_form("File and line of the class", where))
    return forms


def _values(tensor: torch.Tensor, python: str, cell: tuple[int, ...] | None) -> list[PathForm]:
    forms = []
    if cell and _is_index(tensor, cell):
        forms.append(_form("This element", f"{python}[{', '.join(map(str, cell))}]"))
        forms.append(_form("Its value", as_python(tensor[cell]) or ""))
    for label, write in (
        ("Value as Python", as_python),
        ("Value as NumPy", as_numpy),
        ("Value as CSV", as_csv),
    ):
        text = write(tensor)
        if text is not None:
            forms.append(_form(label, text))
    return [form for form in forms if form.text]


def _is_index(tensor: torch.Tensor, cell: tuple[int, ...]) -> bool:
    """Whether `cell` names one element; false for what has no shape or no values."""
    try:
        return len(cell) == tensor.dim() and all(0 <= at < size for at, size in zip(cell, tensor.shape, strict=True))
    except Exception:  # lazy and nested tensors have no shape
        return False


def _form(label: str, text: str) -> PathForm:
    return PathForm(label=label, text=text[:TEXT_LIMIT], cut=len(text) > TEXT_LIMIT)


def _step(text: str, holder: nn.Module, node: Node) -> str:
    if isinstance(holder, OwnContainer):
        return holder.written(text, node.name)
    if node.keys:
        text = _attribute(text, node.attribute) if not _hidden_by(holder, node) else _from_vars(text, node)
        for key in node.keys:
            text = f"{text}{key}" if isinstance(key, str) else f"list({text}.values())[{key}]"
        return text
    subscript = _subscript(holder, node)
    if subscript is not None:
        return text + subscript
    if not _hidden_by(holder, node):
        return _attribute(text, node.attribute)
    if node.kind in _REGISTRIES:
        return f"{text}.{_REGISTRIES[node.kind]}[{node.attribute!r}]"
    return _from_vars(text, node)


def _from_vars(text: str, node: Node) -> str:
    return f"vars({text})[{node.attribute!r}]"


def _attribute(text: str, name: str) -> str:
    if name.isidentifier() and not iskeyword(name) and normalize("NFKC", name) == name:
        return f"{text}.{name}"
    return f"getattr({text}, {name!r})"


def _subscript(holder: nn.Module, node: Node) -> str | None:
    """`[0]` or `['k']` where the holder is one of torch's containers and its own subscript leads here."""
    kind = type(holder)
    if node.kind == "module":
        if isinstance(holder, nn.Sequential):
            return f"[{node.position}]" if _inherits(kind, nn.Sequential, "__getitem__", "__len__") else None
        if isinstance(holder, nn.ModuleList) and _inherits(kind, nn.ModuleList, "__getitem__", "__len__"):
            return f"[{node.name}]" if _is_place(node.name, len(holder._modules)) else None
        if isinstance(holder, nn.ModuleDict) and _inherits(kind, nn.ModuleDict, "__getitem__"):
            return f"[{node.name!r}]"
    elif node.kind == "parameter" and not _hidden_by(holder, node):
        if isinstance(holder, nn.ParameterList) and _inherits(kind, nn.ParameterList, "__getitem__", "__len__"):
            return f"[{node.name}]" if _is_place(node.name, len(holder)) else None
        if isinstance(holder, nn.ParameterDict) and _inherits(kind, nn.ParameterDict, "__getitem__"):
            return f"[{node.name!r}]" if node.name in holder._keys else None
    return None


def _is_place(name: str, length: int) -> bool:
    """Whether `name` is a number below `length` as torch's lists write it: `0`, not `00` or `٠`."""
    return name.isascii() and name.isdecimal() and str(int(name)) == name and int(name) < length


def _inherits(kind: type, container: type, *methods: str) -> bool:
    return all(getattr(kind, method) is getattr(container, method) for method in methods)


def _hidden_by(holder: object, node: Node) -> bool:
    """Whether something else answers to `holder.<name>` before the node does.

    Python looks at descriptors of the class, the instance's own attributes, other attributes of the class; only then
    `nn.Module` looks at parameters, buffers and modules, in this order.
    """
    name = node.attribute
    in_class = next((vars(kind)[name] for kind in type(holder).__mro__ if name in vars(kind)), _NOTHING)
    if node.kind not in _REGISTRIES:
        return hasattr(type(in_class), "__set__")
    if in_class is not _NOTHING or name in vars(holder):
        return True
    before = {"parameter": (), "buffer": ("_parameters",), "module": ("_parameters", "_buffers")}[node.kind]
    return any(name in getattr(holder, registry) for registry in before)


_NOTHING = object()
