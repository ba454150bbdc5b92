"""Which part of a training checkpoint is what: the state dicts, the optimizers, and what is neither."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ...stored.stored import StoredKind
from .objects import PickledModule, Registered, module_in, object_parts, registered_in
from .raw import RawGroup, RawTensor
from .texts import key_text
from .unpickler import UnknownObject

_LOOKED_AT = 5_000
"""Containers that are looked at for state dicts; real checkpoints have a dozen."""
_DEEPEST = 6
_STATE = re.compile(r"optim|sched|scaler|rng|random_state|callbacks|loops|swa_|(^|_)amp($|_)", re.IGNORECASE)
_AVERAGE = re.compile(r"(^|_)ema($|_)|averaged", re.IGNORECASE)
_MAIN = ("state_dict", "model_state_dict", "model", "module", "net", "network", "weights", "params", "generator")


@dataclass(frozen=True, slots=True)
class StateDict:
    """A dictionary that is mostly tensors, and its path in the file; or what would be one of a module."""

    path: str
    value: dict[Any, Any]
    """Names to tensors, and what else is among them."""
    is_module: bool = False
    """Whether it is a module that was pickled whole."""


class Roles:
    """What the dictionaries in `root` are for."""

    def __init__(self, root: object) -> None:
        self.state_dicts: list[StateDict] = []
        self.optimizers: list[dict[Any, Any]] = []
        """Dictionaries with `state` and `param_groups`, in order."""
        self.optimizer_paths: list[str] = []
        """The path of each."""
        self._sure: set[int] = set()
        self._registered: dict[int, Registered] = {}
        self._search(root)
        self._averages = any(_AVERAGE.search(each.path) is None for each in self.state_dicts)

    def kind(self, container: dict[Any, Any], key: object) -> StoredKind | None:
        """Return `state` for what is not the network's own under `key`; None where that is not known."""
        if id(container) in self._optimizer_ids:
            return "state"
        if id(container) in self._sure or not isinstance(key, str) or "." in key:
            return None
        if _STATE.search(key) or (self._averages and _AVERAGE.search(key)):
            return "state"
        return None

    def main(self) -> StateDict | None:
        """Return the network's state dict: the one under a usual name, or the only one; None where there is neither."""
        by_name = {each.path: each for each in self.state_dicts}
        named = next((by_name[name] for name in _MAIN if name in by_name), None)
        return named or (self.state_dicts[0] if len(self.state_dicts) == 1 else None)

    def registered(self, value: object, module: PickledModule) -> Registered:
        """Return what a module has registered; `value` is the object that it is."""
        found = self._registered.get(id(value))
        if found is None:
            found = self._registered[id(value)] = registered_in(module)
        return found

    def _search(self, root: object) -> None:
        todo: list[tuple[str, object, int]] = [("", root, 0)]
        seen: set[int] = set()
        self._optimizer_ids: set[int] = set()
        for path, value, depth in todo:  # grows meanwhile: breadth first
            if id(value) in seen or len(seen) > _LOOKED_AT:
                continue
            seen.add(id(value))
            if isinstance(value, dict):
                if is_optimizer(value):
                    self.optimizers.append(value)
                    self.optimizer_paths.append(path)
                    self._optimizer_ids.add(id(value))
                    continue
                tensors = sum(isinstance(each, (RawTensor, RawGroup)) for each in value.values())
                if tensors and 2 * tensors >= len(value) and not _STATE.search(path):
                    self._sure.add(id(value))
                    self.state_dicts.append(StateDict(path, value))
                    continue
                children = [(key_text(key), each) for key, each in value.items() if isinstance(each, _CONTAINERS)]
            elif isinstance(value, list) and len(value) <= 100:
                children = [(str(index), each) for index, each in enumerate(value)]
            elif isinstance(value, UnknownObject):
                module = module_in(value)
                if module is not None:
                    if not _STATE.search(path):
                        tensors_of = self.registered(value, module).tensors
                        self.state_dicts.append(StateDict(path, tensors_of, is_module=True))
                    continue
                children = [(key_text(key), each) for key, each in object_parts(value) if isinstance(each, _CONTAINERS)]
            else:
                continue
            if depth < _DEEPEST:
                todo += [(f"{path}.{key}" if path else key, each, depth + 1) for key, each in children]


_CONTAINERS = (dict, list, UnknownObject)


def is_optimizer(value: dict[Any, Any]) -> bool:
    """Return whether it is the state dict of a `torch.optim.Optimizer`."""
    return isinstance(value.get("state"), dict) and isinstance(value.get("param_groups"), list)
