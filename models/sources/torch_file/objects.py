"""What is known of an object whose class is not: its parts by name, and whether it is a module of torch.

A module that was pickled whole (`torch.save(net)`) keeps its parameters, buffers and modules in dictionaries of its
own, as `torch/nn/modules/module.py` has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .python_stubs import StreamStub
from .raw import RawGroup, RawRecord, RawStorage, RawTensor
from .script import ScriptObject
from .unpickler import UnknownName, UnknownObject

_TENSORS = (RawTensor, RawGroup, RawStorage, ScriptObject)
_OWN = frozenset(
    (
        "training", "_parameters", "_buffers", "_modules", "_non_persistent_buffers_set", "_backward_pre_hooks",
        "_backward_hooks", "_is_full_backward_hook", "_forward_hooks", "_forward_hooks_with_kwargs",
        "_forward_hooks_always_called", "_forward_pre_hooks", "_forward_pre_hooks_with_kwargs", "_state_dict_hooks",
        "_state_dict_pre_hooks", "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks", "_compiled_call_impl",
        "call_super_init", "dump_patches", "_backend",
    )
)  # fmt: skip
"""Attributes that every module has."""
_REQUIRED = ("_parameters", "_buffers", "_modules")
_HOOKS = {"_forward_pre_hooks": "before forward", "_forward_hooks": "after forward", "_backward_hooks": "backward"}
_FLATTENED = 32 << 20
"""Characters of the paths of modules that are gone through for the names of a network's tensors, at most."""
_DEEPEST = 64


class PickledModule:
    """A module of torch as its pickle has it; none of its code is needed for that."""

    __slots__ = ("_state", "class_name")

    def __init__(self, class_name: str, state: dict[Any, Any]) -> None:
        self.class_name = class_name
        self._state = state

    def parameters(self) -> Iterator[tuple[str, Any]]:
        """Yield its own parameters by name; one that is None is left out, here and below."""
        return _present(self._state["_parameters"])

    def buffers(self) -> Iterator[tuple[str, Any]]:
        """Yield its own buffers by name."""
        return _present(self._state["_buffers"])

    def modules(self) -> Iterator[tuple[str, Any]]:
        """Yield the modules directly below it by name."""
        return _present(self._state["_modules"])

    @property
    def not_persistent(self) -> frozenset[str]:
        """Return the names of the buffers that are no part of its state dict."""
        found = self._state.get("_non_persistent_buffers_set")
        names = found if isinstance(found, (set, frozenset)) else ()
        return frozenset(each for each in names if isinstance(each, str))

    def attributes(self) -> Iterator[tuple[str, Any]]:
        """Yield what else it has by name: numbers, texts, settings, and tensors that are not registered."""
        for name, value in self._state.items():
            if isinstance(name, str) and name not in _OWN:
                yield name, value

    @property
    def is_training(self) -> bool | None:
        """Return whether it was saved in training mode; None where that is not known."""
        found = self._state.get("training")
        return found if isinstance(found, bool) else None

    def hooks(self) -> Iterator[tuple[str, list[Any]]]:
        """Yield when hooks run and which there are."""
        for name, when in _HOOKS.items():
            found = self._state.get(name)
            if isinstance(found, dict) and found:
                yield when, list(found.values())


def module_in(value: object) -> PickledModule | None:
    """Return the module of torch that an object is; None for anything else."""
    if not isinstance(value, UnknownObject):
        return None
    name = object_class_name(value)
    state = value.state
    if name.endswith("graph_module") and value.arguments:  # torch.fx calls a function with the attributes
        name, state = "GraphModule", value.arguments[0]
    if not isinstance(state, dict) or not all(isinstance(state.get(key), dict) for key in _REQUIRED):
        return None
    return PickledModule(name, state)


def object_class_name(value: UnknownObject) -> str:
    """Return the name of an object's class, or of the function that makes it, without its module's."""
    return value.maker.name.rpartition(".")[2] if isinstance(value.maker, UnknownName) else "object"


def content_of(value: object) -> object:
    """Return what a node of OmegaConf holds, `DictConfig` and its like; anything else as it is."""
    for _ in range(8):
        if not isinstance(value, UnknownObject) or not isinstance(value.maker, UnknownName):
            break
        if not value.maker.module.startswith("omegaconf.") or not isinstance(value.state, dict):
            break
        state = value.state
        value = state["_content"] if "_content" in state else state.get("_val", value.items)
    return value


_COMPILED = "torch._dynamo.eval_frame.OptimizedModule"
"""What `torch.compile` makes of a module, which holds it as `_orig_mod`."""


def object_parts(value: UnknownObject) -> Iterator[tuple[Any, Any]]:
    """Yield what an object is made of, each with its name or index: arguments, items, entries, attributes."""
    if value.arguments and isinstance(value.maker, UnknownName) and value.maker.text == _COMPILED:
        yield "_orig_mod", value.arguments[0]  # the other one is what compiles it
    else:
        yield from enumerate(value.arguments)
    if isinstance(value.named, dict):
        yield from value.named.items()
    yield from enumerate(value.items, len(value.arguments))
    yield from value.entries.items()
    for part in value.state if isinstance(value.state, tuple) and len(value.state) == 2 else (value.state,):
        if isinstance(part, dict):
            yield from ((key, each) for key, each in part.items() if key not in value.entries)
        elif part is not None:
            yield "state", part


class TensorHolders:
    """Which containers hold tensors or modules of torch, however deep; those in `root`."""

    def __init__(self, root: object) -> None:
        above: dict[int, list[int]] = {}
        found: list[int] = []
        todo = [root]
        seen = {id(root)}
        while todo:
            value = todo.pop()
            if isinstance(value, _TENSORS) or module_in(value) is not None:
                found.append(id(value))
            for each in _inside(value):
                if not isinstance(each, _LEAVES):
                    above.setdefault(id(each), []).append(id(value))
                    if id(each) not in seen:
                        seen.add(id(each))
                        todo.append(each)
        self._holders = set(found)
        while found:
            for each in above.get(found.pop(), ()):
                if each not in self._holders:
                    self._holders.add(each)
                    found.append(each)

    def __contains__(self, value: object) -> bool:
        return id(value) in self._holders


_LEAVES = (str, bytes, int, float, complex, type(None), UnknownName, StreamStub)


def _inside(value: object) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, (list, tuple, set, frozenset)):
        return value
    if isinstance(value, RawRecord):
        return value.attributes.values()
    if isinstance(value, RawTensor):
        return value.attributes.values()
    return (each for _, each in object_parts(value)) if isinstance(value, UnknownObject) else ()


@dataclass(slots=True)
class Registered:
    """What a module and those below it have registered."""

    tensors: dict[str, Any] = field(default_factory=dict)
    """Parameters and persistent buffers by name, in the order of `state_dict()`."""
    objects: set[int] = field(default_factory=set)
    """The identities of all parameters, buffers and modules."""


def registered_in(module: PickledModule) -> Registered:
    """Return what a module and those below it have registered."""
    found = Registered()
    todo: list[tuple[str, PickledModule]] = [("", module)]
    left = _FLATTENED
    while todo and left > 0:
        prefix, each = todo.pop()
        hidden = each.not_persistent
        buffers = list(each.buffers())
        found.tensors.update((prefix + name, value) for name, value in each.parameters())
        found.tensors.update((prefix + name, value) for name, value in buffers if name not in hidden)
        found.objects.update(id(value) for _, value in (*each.parameters(), *buffers, *each.modules()))
        inside = [
            (f"{prefix}{name}.", inner)
            for name, below in each.modules()
            if prefix.count(".") < _DEEPEST and (inner := module_in(below)) is not None
        ]
        left -= 1 + sum(len(path) for path, _ in inside)
        todo += reversed(inside)
    return found


def _present(found: dict[Any, Any]) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in found.items() if isinstance(name, str) and value is not None)
