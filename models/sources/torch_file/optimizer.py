"""An optimizer's state beside its parameters: which number in it is which parameter of the state dict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .raw import RawTensor
from .roles import Roles, StateDict

_BUFFERS = ("running_mean", "running_var", "num_batches_tracked")


@dataclass(frozen=True, slots=True)
class Linked:
    """A parameter that an entry of an optimizer's state belongs to."""

    name: str
    """Its key in the state dict."""
    path: str
    """Its path in the checkpoint."""


class Names:
    """The names of parameters for the numbers in optimizers' states."""

    def __init__(self, roles: Roles) -> None:
        self._by_state: dict[int, dict[Any, Linked]] = {}
        taken: list[StateDict] = []
        for optimizer in roles.optimizers:
            matches = [(each, named) for each in roles.state_dicts if (named := _match(optimizer, each))]
            free = [match for match in matches if not any(match[0] is each for each in taken)]
            for state_dict, named in (free or matches)[:1]:
                taken.append(state_dict)
                self._by_state[id(optimizer["state"])] = named

    def of(self, state: dict[Any, Any]) -> dict[Any, Linked]:
        """For each key of an optimizer's `state`; empty for any other dictionary, and where nothing fits."""
        return self._by_state.get(id(state), {})


def _match(optimizer: dict[Any, Any], state_dict: StateDict) -> dict[Any, Linked]:
    """The names, where every tensor in the state has the shape of its parameter or is a single number."""
    state = optimizer["state"]
    parameters = {key: each for key, each in state_dict.value.items() if isinstance(key, str)}
    for named in _proposals(optimizer, parameters):
        if named and all(_fits(state[key], parameters.get(named.get(key, ""))) for key in state):
            prefix = f"{state_dict.path}." if state_dict.path else ""
            return {key: Linked(name, prefix + name) for key, name in named.items()}
    return {}


def _proposals(optimizer: dict[Any, Any], parameters: dict[str, Any]) -> list[dict[Any, str]]:
    """What could be the names: those that the groups tell, the keys themselves, or the state dict's order."""
    groups = [each for each in optimizer["param_groups"] if isinstance(each, dict)]
    numbers: list[Any] = []
    told: dict[Any, str] = {}
    for group in groups:
        found, names = group.get("params"), group.get("param_names")
        if not isinstance(found, list) or not all(isinstance(each, (int, str)) for each in found):
            return []
        numbers += found
        if isinstance(names, list) and len(names) == len(found):
            told |= {key: name for key, name in zip(found, names, strict=True) if isinstance(name, str)}
    ordered = _trainable(parameters)
    proposals = [told] if len(told) == len(numbers) else []
    proposals.append({key: key for key in numbers if isinstance(key, str)})
    if len(ordered) == len(numbers):
        proposals.append(dict(zip(numbers, ordered, strict=True)))
        # The usual two groups, with weight decay for matrices and without for the rest, each in the network's order.
        wide = [name for name in ordered if _dimensions(parameters[name]) >= 2]
        narrow = [name for name in ordered if _dimensions(parameters[name]) < 2]
        proposals += [dict(zip(numbers, wide + narrow, strict=True)), dict(zip(numbers, narrow + wide, strict=True))]
    return proposals


def _trainable(parameters: dict[str, Any]) -> list[str]:
    """The keys that can be parameters, tied ones once, as `Module.parameters()` gives them."""
    names: list[str] = []
    seen: set[object] = set()
    for name, each in parameters.items():
        if not isinstance(each, RawTensor) or each.storage is None or name.rpartition(".")[2] in _BUFFERS:
            continue
        if not each.dtype.startswith(("float", "bfloat", "complex")):
            continue
        same = (each.storage.key, each.offset, each.shape, each.stride)
        if same not in seen:
            seen.add(same)
            names.append(name)
    return names


def _dimensions(value: object) -> int:
    return len(value.shape) if isinstance(value, RawTensor) else 0


def _fits(entry: object, parameter: object) -> bool:
    """Whether the state of one parameter agrees with it: `exp_avg` has its shape; `step` is one number."""
    if not isinstance(entry, dict) or not isinstance(parameter, RawTensor):
        return False
    tensors = [each for each in entry.values() if isinstance(each, RawTensor) and each.shape]
    return not tensors or any(each.shape == parameter.shape for each in tensors)
