"""From which tensors of a result backward starts, and how a user reads that."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ..opened.facts import amount
from ..tensors.plainly import attribute, plainly
from ..tensors.tensors import shape_of
from .graph import Reach, constant_since, is_constant_sum, reach_of
from .results import describe_output
from .trace.parts import parts_of

DEPTH = 5
"""Levels of nested values in which tensors are looked for."""
LIMIT = 500
"""Tensors of one result that are looked at."""
VALUES = 20_000
"""Values that are looked at, tensors or not."""
NAMED = 4
"""Tensors that a sentence names."""
LOSSES = ("loss", "total_loss")
CONSTANT = "as its sum is constant and would have no gradient but rounding noise"


@dataclass(frozen=True, slots=True)
class ResultTensor:
    """A tensor within a result."""

    path: str
    """How Python gets at it from the result: `[1]`, `['loss']`, `.loss`; empty for the result itself."""
    name: str
    """The last key or field on the way to it; empty where there is none."""
    tensor: Tensor


@dataclass(frozen=True, slots=True)
class Start:
    """What backward starts from: the tensors, each summed if it is no scalar."""

    tensors: list[ResultTensor]
    weighted: bool = False
    """Whether the one tensor's elements are weighted with cos(0), cos(1), … as their plain sum is constant."""
    note: str = ""
    """Which parameters this leaves out, or why there are several; empty for nothing to say."""

    @property
    def text(self) -> str:
        """Return it in one line: `from ['loss']: [] float32, grad_fn NllLossBackward0`."""
        first = self.tensors[0]
        if len(self.tensors) > 1:
            scalars = all(is_scalar(each.tensor) for each in self.tensors)
            text = ("from " if scalars else "from the sums of ") + _paths(self.tensors)
        elif is_scalar(first.tensor):
            text = "from "
        else:
            text = "from the weighted sum of " if self.weighted else "from the sum of "
        if len(self.tensors) == 1:
            text += f"{first.path}: {describe_output(first.tensor)}" if first.path else describe_output(first.tensor)
        if self.weighted:
            text += f"; weights cos(0), cos(1), …, {CONSTANT}"
        return f"{text}; {self.note}" if self.note else text

    def report(self) -> dict[str, Any]:
        """Return it for JSON: `output`, `shape`, `summed`; of several, the paths joined and no shape."""
        outputs = [_report(each) for each in self.tensors]
        one = outputs[0] if len(outputs) == 1 else {"output": " + ".join(each.path for each in self.tensors)}
        return {
            "output": one["output"],
            "shape": one.get("shape"),
            "summed": any(each["summed"] for each in outputs),
            "weights": "cos" if self.weighted else None,
            "outputs": outputs,
            "text": self.text,
        }


def _report(found: ResultTensor) -> dict[str, Any]:
    shape = shape_of(found.tensor)
    return {
        "output": found.path,
        "shape": None if shape is None else list(shape),
        "summed": not is_scalar(found.tensor),
    }


def is_scalar(tensor: Tensor) -> bool:
    """Return whether backward can start from the tensor itself: it has one element, and that is real."""
    return not tensor.is_nested and tensor.numel() == 1 and not tensor.is_complex()


def tensors_of(value: object) -> list[ResultTensor]:
    """Return the tensors within a result, each once, in order: see `parts_of` for what is looked into."""
    found: dict[int, ResultTensor] = {}
    values = 0
    pending: list[Iterator[tuple[str, str, object]]] = [iter([("", "", value)])]
    above: list[int] = []
    """Identities of what is taken apart now, the innermost last: an object may lead back to itself."""
    while pending and len(found) < LIMIT and values < VALUES:
        path, name, part = next(pending[-1], (None, "", None))
        if path is None:
            pending.pop()
            del above[-1:]
            continue
        values += 1
        if isinstance(part, Tensor):
            found.setdefault(id(part), ResultTensor(path, name, part))
        elif len(pending) <= DEPTH and id(part) not in above:
            pending.append(_named_parts(part, path, name))
            above.append(id(part))
    return list(found.values())


def _named_parts(value: object, path: str, name: str) -> Iterator[tuple[str, str, object]]:
    return iter([(path + part.path, part.name or name, part.value) for part in parts_of(value)])


def can_start(tensor: Tensor) -> bool:
    """Return whether a gradient can flow back from the tensor."""
    return bool(attribute(tensor, "requires_grad")) and (tensor.is_floating_point() or tensor.is_complex())


@plainly
def start_of(output: object) -> Start | None:
    """Return what backward starts from; None where no tensor of `output` requires a gradient.

    The first of these that there is:
    1. what is called `loss` or `total_loss`;
    2. what has "loss" in its name, without those from which another of them was computed, if these together reach every
       parameter that any part of the result reaches;
    3. the scalars, on the same condition;
    4. the first tensor, and of the others each that reaches parameters which those before it do not.
    """
    every = tensors_of(output)
    found = [each for each in every if can_start(each.tensor)]
    if not found:
        return None
    if len(found) == 1:
        chosen, note = found, ""
    else:
        reach = reach_of([each.tensor for each in found])
        indices, is_loss = _choose(found, reach)
        chosen = [found[index] for index in indices]
        note = _note(found, indices, is_loss, reach)
    if not any(_is_loss(each) for each in chosen):
        cut = [each.path for each in every if _is_loss(each) and each not in found]
        note = "; ".join(filter(None, [note, f"{cut[0]} requires no gradient" if cut else ""]))
    weighted = len(chosen) == 1 and is_constant_sum(chosen[0].tensor)
    if len(chosen) == 1 and is_scalar(chosen[0].tensor):
        since = constant_since(chosen[0].tensor)
        constant = f"constant whatever {since} takes: its gradients are rounding noise" if since else ""
        note = "; ".join(filter(None, [constant, note]))
    return Start(chosen, weighted, note)


def others_of(output: object, start: Start) -> dict[int, str]:
    """Return by identity the paths of the tensors of a result that backward does not start from."""
    chosen = {id(each.tensor) for each in start.tensors}
    return {id(each.tensor): each.path for each in tensors_of(output) if id(each.tensor) not in chosen}


def _choose(found: Sequence[ResultTensor], reach: Reach) -> tuple[list[int], bool]:
    """Return the indices of what backward starts from, and whether that is a loss or scalars, which stand for one."""
    named = [index for index, each in enumerate(found) if each.name.lower().strip("_") in LOSSES]
    if named:
        fewest = min(_depth(found[index]) for index in named)
        return _outermost([index for index in named if _depth(found[index]) == fewest], reach), True
    everything = frozenset[int]().union(*reach.leaves)
    scalars = [index for index, each in enumerate(found) if each.tensor.dim() == 0]
    scalars = scalars or [index for index, each in enumerate(found) if each.tensor.shape == (1,)]
    for among in ([index for index, each in enumerate(found) if _is_loss(each)], scalars):
        outermost = _outermost(among, reach)
        if outermost and everything == frozenset[int]().union(*(reach.leaves[index] for index in outermost)):
            return outermost, True
    chosen: list[int] = []
    reached: frozenset[int] = frozenset()
    for index in range(len(found)):
        if not chosen or reach.leaves[index] - reached:
            chosen.append(index)
            reached |= reach.leaves[index]
    return chosen, False


def _depth(found: ResultTensor) -> int:
    return len(re.findall(r"\[|\.", found.path))


def _outermost(indices: list[int], reach: Reach) -> list[int]:
    """Leave out those that another of them was computed from: these count in it already."""
    inner = frozenset[int]().union(*(reach.within[index] for index in indices)) if indices else frozenset()
    return [index for index in indices if index not in inner]


_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_NO_LOSS = ("gloss", "floss")


def _is_loss(found: ResultTensor) -> bool:
    """Return whether a word of its name is `loss`, or ends so: `loss_ce`, `auxLoss`, `bceloss`."""
    words = [word.lower() for word in _WORDS.findall(found.name)]
    return any(word == "losses" or (word.endswith("loss") and word not in _NO_LOSS) for word in words)


def _note(found: Sequence[ResultTensor], chosen: Sequence[int], is_loss: bool, reach: Reach) -> str:
    """Return which parameters what is left out alone leads to, and why there are several without a loss."""
    notes = []
    reached = frozenset[int]().union(*(reach.leaves[index] for index in chosen))
    if not is_loss and len(chosen) > 1:
        first, *more = chosen
        before = reach.leaves[first]
        notes.append("no loss in the result")
        for index in more[: NAMED - 1]:
            alone = len(reach.leaves[index] - before)
            notes.append(f"{found[index].path} alone leads to {amount(alone, 'parameter')}")
            before |= reach.leaves[index]
    left = {index: reach.leaves[index] - reached for index in range(len(found)) if index not in chosen}
    others = [index for index, leaves in left.items() if leaves]
    if others:
        count = len(frozenset[int]().union(*(left[index] for index in others)))
        leads = "leads" if count == 1 else "lead"
        notes.append(f"{amount(count, 'parameter')} {leads} only to {_paths([found[i] for i in others])}")
    return "; ".join(notes) if reach.complete else ""


def _paths(found: Sequence[ResultTensor]) -> str:
    named = [each.path for each in found[:NAMED]]
    return " + ".join(named) + (f" and {len(found) - NAMED} more" if len(found) > NAMED else "")
