"""Looks into live objects without running any code of theirs.

Completion goes by it: no property, `__getattr__`, `__getitem__`, `__dir__` or call of a user's object is ever run.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from types import BuiltinFunctionType, FunctionType, MemberDescriptorType, ModuleType

import torch
from torch import nn

from ...work.parsing import parse_python

_PLAIN_TENSORS = (torch.Tensor, nn.Parameter)
_TENSOR_VALUED = {"data", "grad", "T", "mT", "H", "mH", "real", "imag"}
_TAKES_ITEM = {
    list.__getitem__,
    tuple.__getitem__,
    dict.__getitem__,
    nn.Sequential.__getitem__,
    nn.ModuleList.__getitem__,
    nn.ModuleDict.__getitem__,
    nn.ParameterList.__getitem__,
    nn.ParameterDict.__getitem__,
}
"""The ways to take an item that do nothing else."""


class UnknownValue(Exception):
    """Raised where what an expression stands for is not known without running code."""


def evaluate(text: str, namespace: Mapping[str, object]) -> object:
    """Return the live object that `text`, such as `net[0].bias.data`, stands for.

    Where only the class of the answer matters (`.T` or an item of a tensor) the tensor itself stands for it.

    Raises:
        Unknown: it would take running code, or `text` is no expression.
    """
    try:
        tree = parse_python(text.strip(), mode="eval")
        assert isinstance(tree, ast.Expression)
        return _value(tree.body, namespace)
    except UnknownValue:
        raise
    except Exception as exc:  # no Python, an index out of range, …
        raise UnknownValue(text) from exc


def _value(node: ast.expr, namespace: Mapping[str, object]) -> object:
    match node:
        case ast.Constant():
            return node.value
        case ast.Name():
            builtin = vars(__import__("builtins"))
            if node.id not in namespace and node.id not in builtin:
                raise UnknownValue(node.id)
            return namespace[node.id] if node.id in namespace else builtin[node.id]
        case ast.Attribute():
            return static_attribute(_value(node.value, namespace), node.attr)
        case ast.Subscript():
            return _item(_value(node.value, namespace), _constant(node.slice))
        case ast.Call(func=ast.Attribute(value=owner, attr="state_dict"), args=[], keywords=[]):
            return state_dict(_value(owner, namespace))
        case _:
            raise UnknownValue(type(node).__name__)


def _constant(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except ValueError as exc:
        raise UnknownValue("index") from exc


def _item(owner: object, key: object) -> object:
    if type(owner) in _PLAIN_TENSORS:
        return owner
    take = inspect.getattr_static(type(owner), "__getitem__", None)
    if take not in _TAKES_ITEM or not isinstance(key, (int, str)):
        raise UnknownValue(str(key))
    return owner[key]  # type: ignore[index]


def registered(module: nn.Module) -> dict[str, object]:
    """Return children, parameters and buffers of `module` itself by name."""
    found: dict[str, object] = {}
    for registry in ("_modules", "_parameters", "_buffers"):
        found.update(instance_dict(module).get(registry) or {})  # type: ignore[call-overload]
    return found


def instance_dict(value: object) -> dict[str, object]:
    """Return the `__dict__` of `value`, past any `__getattribute__` of its own; empty when it has none."""
    try:
        held = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return held if isinstance(held, dict) else {}


def static_attribute(owner: object, name: str) -> object:
    """Return what `owner.name` is, where that is known without running code of the user's.

    Raises:
        Unknown: it is not known, or there is no such attribute.
    """
    if isinstance(owner, nn.Module) and name in (own := registered(owner)):
        return own[name]
    if isinstance(owner, ModuleType):
        if name in vars(owner):
            return vars(owner)[name]
        raise UnknownValue(name)
    if type(owner) in _PLAIN_TENSORS and name in _TENSOR_VALUED:
        return owner
    try:
        found = inspect.getattr_static(owner, name)
    except AttributeError as exc:
        raise UnknownValue(name) from exc
    if isinstance(found, MemberDescriptorType):
        return found.__get__(owner, type(owner))
    if isinstance(owner, type) and isinstance(found, (FunctionType, BuiltinFunctionType)):
        return found
    if inspect.getattr_static(type(found), "__get__", None) is not None:
        raise UnknownValue(name)
    return found


def state_dict(module: object) -> dict[str, object]:
    """Return the keys and tensors that `module.state_dict()` would have, read from the registries.

    Raises:
        Unknown: `module` is no module, or has a `state_dict` of its own.
    """
    if not isinstance(module, nn.Module) or type(module).state_dict is not nn.Module.state_dict:
        raise UnknownValue("state_dict")
    return {path: value for path, value, kind in registered_below(module) if kind in ("parameter", "buffer")}


def registered_below(root: nn.Module) -> Iterator[tuple[str, object, str]]:
    """Yield path, object and kind (`module`, `parameter`, `buffer`, `unsaved`) of all that is registered below `root`.

    In the order of the state dict; `unsaved` is a buffer that the state dict leaves out.
    """
    stack: list[tuple[str, nn.Module, tuple[int, ...]]] = [("", root, ())]
    while stack:
        prefix, module, above = stack.pop()
        held = instance_dict(module)
        dot = prefix + "." if prefix else ""
        if prefix:
            yield prefix, module, "module"
        unsaved = held.get("_non_persistent_buffers_set") or ()
        for registry, kind in (("_parameters", "parameter"), ("_buffers", "buffer")):
            for name, tensor in (held.get(registry) or {}).items():  # type: ignore[attr-defined]
                if tensor is not None:
                    yield dot + name, tensor, "unsaved" if kind == "buffer" and name in unsaved else kind  # type: ignore[operator]
        children = list((held.get("_modules") or {}).items())  # type: ignore[attr-defined]
        for name, child in reversed(children):
            if isinstance(child, nn.Module) and id(child) not in above:  # cycles are cut
                stack.append((dot + name, child, (*above, id(module))))


def names_of(value: object) -> list[str]:
    """Return attribute names of `value`: its own first (a module's children in their order), then its classes'."""
    found: dict[str, None] = {}
    if isinstance(value, nn.Module):
        found.update(dict.fromkeys(registered(value)))
        hidden = {"_modules", "_parameters", "_buffers", "training", "call_super_init"}
        found.update(dict.fromkeys(name for name in instance_dict(value) if name not in hidden))
    else:
        found.update(dict.fromkeys(instance_dict(value) if not isinstance(value, type) else ()))
    for kind in type.mro(value) if isinstance(value, type) and type(value) is type else type(value).__mro__:
        found.update(dict.fromkeys(sorted(vars(kind))))
    return [name for name in found if isinstance(name, str) and name.isidentifier()]


def completion_kind(value: object) -> str:
    """Return what a completion's column says of a value: `parameter`, `module`, `function`, …"""
    for kind, name in (
        (nn.Parameter, "parameter"),
        (torch.Tensor, "tensor"),
        (nn.Module, "module"),
        (type, "class"),
        (ModuleType, "package"),
    ):
        if isinstance(value, kind):
            return name
    if isinstance(value, property):
        return "property"
    return "function" if inspect.isroutine(value) else "instance"
