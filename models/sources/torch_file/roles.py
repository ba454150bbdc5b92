"""Which part of a training checkpoint is what: the state dicts, the optimizers, and what is neither."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ...stored.stored import StoredKind
from .raw import RawGroup, RawTensor
from .texts import key_text

_LOOKED_AT = 5_000
"""Containers that are looked at for state dicts; real checkpoints have a dozen."""
_DEEPEST = 6
_STATE = re.compile(r"optim|sched|scaler|rng|random_state|callbacks|loops|swa_|(^|_)amp($|_)", re.IGNORECASE)
_AVERAGE = re.compile(r"(^|_)ema($|_)|averaged", re.IGNORECASE)
_MAIN = ("state_dict", "model_state_dict", "model", "module", "net", "network", "weights", "params", "generator")


@dataclass(frozen=True, slots=True)
class StateDict:
    """A dictionary that is mostly tensors."""

    path: str
    value: dict[Any, Any]


class Roles:
    """What the dictionaries in `root` are for."""

    def __init__(self, root: object) -> None:
        self.state_dicts: list[StateDict] = []
        self.optimizers: list[dict[Any, Any]] = []
        """Dictionaries with `state` and `param_groups`, in order."""
        self._sure: set[int] = set()
        self._search(root)
        self._averages = any(_AVERAGE.search(each.path) is None for each in self.state_dicts)

    def kind(self, container: dict[Any, Any], key: object) -> StoredKind | None:
        """`state` for what is no network's own under `key`; None where that is not told."""
        if id(container) in self._optimizer_ids:
            return "state"
        if id(container) in self._sure or not isinstance(key, str) or "." in key:
            return None
        if _STATE.search(key) or (self._averages and _AVERAGE.search(key)):
            return "state"
        return None

    def main(self) -> StateDict | None:
        """The state dict of the network: the one under the usual name, or the only one there is."""
        by_name = {each.path: each for each in self.state_dicts}
        named = next((by_name[name] for name in _MAIN if name in by_name), None)
        return named or (self.state_dicts[0] if len(self.state_dicts) == 1 else None)

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
                    self._optimizer_ids.add(id(value))
                    continue
                tensors = sum(isinstance(each, (RawTensor, RawGroup)) for each in value.values())
                if tensors and 2 * tensors >= len(value) and not _STATE.search(path):
                    self._sure.add(id(value))
                    self.state_dicts.append(StateDict(path, value))
                    continue
                children = [(key_text(key), each) for key, each in value.items() if isinstance(each, (dict, list))]
            elif isinstance(value, list) and len(value) <= 100:
                children = [(str(number), each) for number, each in enumerate(value)]
            else:
                continue
            if depth < _DEEPEST:
                todo += [(f"{path}.{key}" if path else key, each, depth + 1) for key, each in children]


def is_optimizer(value: dict[Any, Any]) -> bool:
    """Whether it is the state dict of a `torch.optim.Optimizer`."""
    return isinstance(value.get("state"), dict) and isinstance(value.get("param_groups"), list)
