"""An optimizer's state beside its parameters: which index in it is which parameter of the state dict.

The form is that of `Optimizer.state_dict()`:
https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.state_dict.html.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...opened.facts import amount
from ..wording import listed, shortened
from .raw import RawGroup, RawTensor
from .roles import Roles, StateDict
from .subsequence import by_whole_layers, certain

_TRAINED = ("float", "bfloat", "complex")
_BUFFERS = ("running_mean", "running_var", "num_batches_tracked")


@dataclass(frozen=True, slots=True)
class Linked:
    """A parameter that an entry of an optimizer's state belongs to."""

    name: str
    """Its key in the state dict."""
    path: str
    """Its path in the checkpoint."""


@dataclass(slots=True)
class _Match:
    """An optimizer and the network that it trains."""

    path: str
    """Of the optimizer."""
    state_dict: StateDict
    count: int
    """Parameters in the optimizer's groups."""
    names: dict[Any, str]
    """The parameters of its keys, as far as they are certain."""
    doubt: str = ""
    """What was taken for granted, in words; empty where nothing was."""


class ParameterNames:
    """The names of parameters for the indices in optimizers' states."""

    def __init__(self, roles: Roles) -> None:
        self._by_state: dict[int, dict[Any, Linked]] = {}
        self.warnings: list[str] = []
        """Sentences on what an optimizer lacks, or does not fit."""
        found: list[_Match] = []
        for path, optimizer in zip(roles.optimizer_paths, roles.optimizers, strict=True):
            keys = [key for group in _groups(optimizer) for key in group]
            matches = [
                _Match(path, each, len(keys), named) for each in roles.state_dicts if (named := _match(optimizer, each))
            ] or [match for each in roles.state_dicts if (match := _part(path, optimizer, each)) is not None]
            free = [match for match in matches if not any(match.state_dict is each.state_dict for each in found)]
            if not matches:
                if roles.state_dicts and keys and (optimizer["state"] or not _may_hold(roles.state_dicts, len(keys))):
                    self.warnings.append(
                        f"The {amount(len(keys), 'parameter')} of {_called(path)} fit no network in this file: "
                        "their state keeps its numbers."
                    )
                continue
            match = max(free or matches, key=lambda each: len(each.names))
            found.append(match)
            self._by_state[id(optimizer["state"])] = _linked(match)
        for state_dict in roles.state_dicts:
            of_it = [match for match in found if match.state_dict is state_dict]
            if of_it:
                self.warnings += _lacking(state_dict, of_it)

    def of(self, state: dict[Any, Any]) -> dict[Any, Linked]:
        """Return the parameter for each key of an optimizer's `state`; empty for another dict, and where none fits."""
        return self._by_state.get(id(state), {})


def names_of_tensors(optimizer: dict[Any, Any], roles: Roles) -> dict[int, Linked]:
    """Return the parameters of an optimizer that was pickled whole, by identity: its own state has them as keys.

    Their names are those in a module that is in the file too, else numbers in the order of the groups.
    """
    found: dict[int, Linked] = {}
    for group in optimizer["param_groups"]:
        tensors = group.get("params") if isinstance(group, dict) else None
        for each in tensors if isinstance(tensors, list) else ():
            found.setdefault(id(each), Linked(str(len(found)), ""))
    for state_dict in roles.state_dicts:
        prefix = f"{state_dict.path}." if state_dict.path else ""
        for name, each in state_dict.value.items():
            if isinstance(name, str) and id(each) in found:
                found[id(each)] = Linked(name, prefix + name)
    return found


def _linked(match: _Match) -> dict[Any, Linked]:
    prefix = f"{match.state_dict.path}." if match.state_dict.path else ""
    return {key: Linked(name, prefix + name) for key, name in match.names.items()}


def _match(optimizer: dict[Any, Any], state_dict: StateDict) -> dict[Any, str]:
    """Return the names, where every tensor in the state has the shape of its parameter or is a single number."""
    state = optimizer["state"]
    parameters = {key: each for key, each in state_dict.value.items() if isinstance(key, str)}
    for named in _proposals(optimizer, state_dict, parameters):
        if named and all(_fits(state[key], parameters.get(named.get(key, ""))) for key in state):
            return named
    return {}


def _part(path: str, optimizer: dict[Any, Any], state_dict: StateDict) -> _Match | None:
    """Return the names of those of which there is no doubt, where not all parameters are in the optimizer's groups.

    None where they do not fit.
    """
    state, groups = optimizer["state"], _groups(optimizer)
    names = _trainable(state_dict)
    keys = [key for group in groups for key in group]
    if not keys or len(set(keys)) < len(keys) or len(keys) > len(names):
        return None

    def fits(key: Any, number: int) -> bool:
        return key not in state or _fits(state[key], state_dict.value[names[number]])

    known = certain(groups, len(names), fits)
    if known is None:
        return None
    match = _Match(path, state_dict, len(keys), {key: names[number] for key, number in known.items()})
    if len(known) < len(keys) and len(groups) == 1 and state:
        whole = by_whole_layers(keys, [name.rpartition(".")[0] for name in names], fits)
        if whole is not None:
            match.names = {key: names[number] for key, number in whole.items()}
            match.doubt = ", if whole layers are left out: by their shapes it could be others of the same"
    return match


def _lacking(state_dict: StateDict, matches: list[_Match]) -> list[str]:
    """Return a sentence on the parameters of a network that are in none of its optimizers; none where all are."""
    names = _trainable(state_dict)
    used = {name for match in matches for name in match.names.values()}
    count = sum(match.count for match in matches)
    missing = [name for name in names if name not in used]
    optimizers = " and ".join(_called(match.path) for match in matches[:3])
    whose = f" of {shortened(state_dict.path)!r}" if state_dict.path else ""
    verb = "has" if len(matches) == 1 else "have"
    has = f"{optimizers} {verb} {count:,} of the {amount(len(names), 'parameter')}{whose}"
    if count >= len(names) or not missing:
        return []
    if len(used) < count:
        known = f" but for {len(used):,}" if used else ""
        return [f"{has}; which ones is not certain from shapes{known}, and their state keeps its numbers."]
    why = "frozen or forgotten" if state_dict.is_module else "frozen, forgotten or buffers"
    doubt = next((match.doubt for match in matches if match.doubt), "")
    return [f"{has}; not in it ({why}): {listed(missing, 6)}{doubt}."]


def _may_hold(state_dicts: list[StateDict], count: int) -> bool:
    return any(len(_trainable(each)) >= count for each in state_dicts)


def _called(path: str) -> str:
    return repr(shortened(path)) if path else "the optimizer"


def _groups(optimizer: dict[Any, Any]) -> list[list[Any]]:
    """Return the keys of each group; empty where they are no numbers or texts."""
    found = []
    for group in optimizer["param_groups"]:
        keys = group.get("params") if isinstance(group, dict) else None
        if not isinstance(keys, list) or not all(isinstance(each, (int, str)) for each in keys):
            return []
        found.append(keys)
    return found


def _proposals(optimizer: dict[Any, Any], state_dict: StateDict, parameters: dict[str, Any]) -> list[dict[Any, str]]:
    """Return what could be the names: those that the groups have, the keys themselves, or the state dict's order."""
    groups = _groups(optimizer)
    indices = [key for group in groups for key in group]
    named: dict[Any, str] = {}
    for group, found in zip(optimizer["param_groups"], groups, strict=False):
        names = group.get("param_names")
        if isinstance(names, list) and len(names) == len(found):
            named |= {key: name for key, name in zip(found, names, strict=True) if isinstance(name, str)}
    ordered = _trainable(state_dict)
    proposals = [named] if len(named) == len(indices) else []
    proposals.append({key: key for key in indices if isinstance(key, str)})
    if len(ordered) == len(indices):
        proposals.append(dict(zip(indices, ordered, strict=True)))
        # The usual two groups, with weight decay for matrices and without for the rest, each in the network's order.
        wide = [name for name in ordered if _dimensions(parameters[name]) >= 2]
        narrow = [name for name in ordered if _dimensions(parameters[name]) < 2]
        proposals += [dict(zip(indices, wide + narrow, strict=True)), dict(zip(indices, narrow + wide, strict=True))]
    return proposals


def _trainable(state_dict: StateDict) -> list[str]:
    """Return the keys that can be parameters, tied ones once, as `Module.parameters()` gives them."""
    names: list[str] = []
    seen: set[object] = set()
    for name, each in state_dict.value.items():
        if not isinstance(name, str) or (state_dict.is_module and not getattr(each, "is_parameter", True)):
            continue
        if isinstance(each, RawGroup):  # sparse or of a subclass: never tied
            if each.dtype.startswith(_TRAINED):
                names.append(name)
            continue
        if not isinstance(each, RawTensor) or each.storage is None or name.rpartition(".")[2] in _BUFFERS:
            continue
        if not each.dtype.startswith(_TRAINED):
            continue
        same = (each.storage.key, each.offset, each.shape, each.stride)
        if same not in seen:
            seen.add(same)
            names.append(name)
    return names


def _dimensions(value: object) -> int:
    return len(value.shape) if isinstance(value, (RawTensor, RawGroup)) else 0


def _fits(entry: object, parameter: object) -> bool:
    """Return whether the state of one parameter agrees with it: `exp_avg` has its shape; `step` is one number."""
    if not isinstance(entry, dict) or not isinstance(parameter, (RawTensor, RawGroup)):
        return False
    tensors = [each for each in entry.values() if isinstance(each, (RawTensor, RawGroup)) and each.shape]
    return not tensors or any(each.shape == parameter.shape for each in tensors)
