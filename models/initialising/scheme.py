"""A scheme: a rule with its arguments for a scope, and carrying it out on a network, the open one or a copy.

Random numbers come from the scheme's seed; the generators of the process are as they were when it is over.
"""

from __future__ import annotations

import inspect
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ..live.live_tree import LiveTree
from ..live.registered import modules_in
from ..messages.initialising import Biases, Fans
from ..tensors.tensors import class_name
from ..undo.random_numbers import random_state, set_random_state
from ..work.cancelled import Cancelled, ShouldCancel, never
from .abandoned import LARGE, filled_apart
from .orientation import is_turned
from .rules import ArgumentValues, InitialiserRule
from .scope import Scope, Target, is_single, modules_of, targets_of

RESETS = ("reset_parameters", "_reset_parameters")
"""Methods of torch's layers that draw their parameters anew."""
TENSOR_NAMES = frozenset(("t", "w", "x", "tensor", "weight", "weights", "param", "parameter", "p", "data", "values"))
"""Names of a first parameter that takes a tensor; any other takes a module, as functions for `net.apply` do."""
Generators = Callable[[torch.device], torch.Generator | None]
"""Returns the generator for tensors of a device; None for the process's own."""
OnStep = Callable[[int, int, str], None]
"""Called with how many steps are done, of how many, and the path of the next."""


@dataclass(frozen=True, slots=True)
class OwnFunction:
    """A function of the user's that fills what it is given in place."""

    text: str
    """As it was written."""
    function: Callable[[Any], object]
    takes: Literal["tensor", "module"]


@dataclass(frozen=True, slots=True)
class Scheme:
    """A rule, its arguments and what it is for.  Neither `rule` nor `own`: each layer's own default."""

    scope: Scope
    rule: InitialiserRule | None = None
    values: ArgumentValues = field(default_factory=dict)
    own: OwnFunction | None = None
    biases: Biases = "leave"
    """What happens to biases of the scope, where the rule is one of tensors."""
    seed: int = 0
    fans: Fans = "torch"
    """Whose fans count for weights that are stored [in, out], where the rule has a choice of them."""

    @property
    def fills_tensors(self) -> bool:
        """Return whether the rule fills one tensor at a time; otherwise it is one of modules."""
        return self.rule is not None or (self.own is not None and self.own.takes == "tensor")

    @property
    def name(self) -> str:
        """Return the rule in a few words: `xavier_uniform_(gain=1.4)`."""
        if self.own is not None:
            return self.own.text
        if self.rule is None:
            return "default"
        given = self.given()
        return f"{self.rule.name}({', '.join(given)})" if given else self.rule.name

    @property
    def has_fans(self) -> bool:
        """Return whether the rule is about one of the two fans."""
        return self.rule is not None and any(each.name == "mode" for each in self.rule.arguments)

    def turns(self, target: Target) -> bool:
        """Return whether a target is filled as its transpose, so that the fans are those of its layer."""
        return self.fans == "layer" and self.has_fans and is_turned(target)

    def given(self) -> list[str]:
        """Return the arguments of the rule as Python that have to be written: `gain=1.4`."""
        names = [each.name for each in self.rule.arguments] if self.rule is not None else []
        return [f"{name}={self.values[name]!r}" for name in names if self.is_given(name)]

    def is_given(self, argument: str) -> bool:
        """Return whether an argument has to be written: it is another than the default, or there is none."""
        assert self.rule is not None
        found = next(each for each in self.rule.arguments if each.name == argument)
        return found.required or bool(self.values[argument] != found.default)

    def why_not(self, target: Target) -> str:
        """Return why a target is left alone; empty where it is filled."""
        if target.why_not or not self.fills_tensors:
            return target.why_not
        if target.role == "other":
            return "neither a weight of 2 dimensions or more nor a bias"
        if target.role == "bias" and self.biases != "rule":
            return "biases stay as they are" if self.biases == "leave" else ""
        return self.rule.why_not(target.tensor.shape, self.values) if self.rule is not None else ""

    @contextmanager
    def drawing(self) -> Iterator[Generators]:
        """Yield what gives the generators that the scheme draws from, in order, one a device.

        Rules that take a generator draw from one of their own: another thread that draws meanwhile notices nothing.
        """
        if self.rule is not None and not self.rule.draws:
            yield lambda device: None
        elif self.rule is not None and self.rule.takes_generator:
            made: dict[torch.device, torch.Generator] = {}
            yield lambda device: made.setdefault(device, torch.Generator(device).manual_seed(self.seed))
        else:
            with seeded(self.seed):
                yield lambda device: None

    def fill(self, target: Target, tensor: Tensor, generators: Generators) -> None:
        """Fill `tensor`, which is the target or stands for it, in place."""
        with torch.no_grad():
            if target.role == "bias" and self.biases == "zeros":
                nn.init.zeros_(tensor)
            elif self.own is not None:
                self.own.function(tensor)
            elif self.rule is not None:
                given = {name: value for name, value in self.values.items() if self.is_given(name)}
                if (generator := generators(tensor.device)) is not None:
                    given["generator"] = generator
                getattr(nn.init, self.rule.name)(tensor.T if self.turns(target) else tensor, **given)

    def filled(self, target: Target, generators: Generators, should_cancel: ShouldCancel) -> Tensor | None:
        """Return a new tensor with what a target is filled with; None where that is as quick in place.

        So where one call of torch may take long and draws from no generator of the process.

        Raises:
            Cancelled: `should_cancel` returned True, at once.
        """
        alone = self.rule is not None and (self.rule.takes_generator or not self.rule.draws)
        tensor = target.tensor.detach()
        if not alone or tensor.numel() < LARGE:
            return None
        return filled_apart(tensor, lambda fresh: self.fill(target, fresh, generators), should_cancel)

    def initialise(self, module: nn.Module) -> None:
        """Have a module initialise itself, or the own rule do it."""
        if self.own is not None:
            self.own.function(module)
        else:
            reset_parameters(module)


def takes(function: Callable[..., object]) -> Literal["tensor", "module"]:
    """Return what a function of the user's is for, by the annotation or the name of its first parameter."""
    try:
        first = next(iter(inspect.signature(function).parameters.values()))
    except (TypeError, ValueError, StopIteration):
        return "tensor" if getattr(function, "__module__", "") == "torch.nn.init" else "module"
    text = getattr(first.annotation, "__name__", str(first.annotation))
    if text.rpartition(".")[2] in ("Tensor", "Parameter"):
        return "tensor"
    return "tensor" if first.annotation is inspect.Parameter.empty and first.name in TENSOR_NAMES else "module"


def reset_parameters(module: nn.Module) -> None:
    """Have a layer draw its own parameters anew, as when it was built; one without that ability is left alone."""
    for name in RESETS:
        if callable(reset := getattr(module, name, None)):
            reset()
            return


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw from generators of this seed meanwhile, and leave them as they were: torch's, Python's and NumPy's."""
    before = random_state()
    try:
        torch.default_generator.manual_seed(seed)
        if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
            torch.cuda.manual_seed_all(seed)
        random.seed(seed)
        numpy = sys.modules.get("numpy.random")
        if numpy is not None:
            numpy.seed(seed % 2**32)
        yield
    finally:
        set_random_state(before)


def carry_out(
    tree: LiveTree,
    scheme: Scheme,
    should_cancel: ShouldCancel = never,
    on_step: OnStep = lambda done, total, path: None,
) -> None:
    """Carry out a scheme on the network of a tree, in place.

    Raises:
        Cancelled: `should_cancel` returned True; what was done until then stays.
        Exception: whatever a rule of the user's or a layer raises.
    """
    with scheme.drawing() as generators:
        if scheme.fills_tensors:
            targets = [target for target in targets_for(tree, scheme) if not scheme.why_not(target)]
            for done, target in enumerate(targets):
                step(should_cancel, on_step, done, len(targets), target.node.path)
                values = scheme.filled(target, generators, should_cancel)
                if values is None:
                    scheme.fill(target, target.tensor, generators)
                else:
                    with torch.no_grad():
                        target.tensor.copy_(values)
        elif is_for_some(tree, scheme):
            groups = by_holder(targets_for(tree, scheme))
            for done, group in enumerate(groups):
                step(should_cancel, on_step, done, len(groups), group[0].node.path)
                fresh = deepcopy(group[0].holder)
                scheme.initialise(fresh)
                with torch.no_grad():
                    for target in group:
                        if (made := fresh._parameters.get(target.node.attribute)) is not None:
                            target.tensor.copy_(made)
        else:
            modules = modules_for(tree, scheme)
            for done, module in enumerate(modules):
                step(should_cancel, on_step, done, len(modules), type(module).__name__)
                scheme.initialise(module)


def step(should_cancel: ShouldCancel, on_step: OnStep, done: int, total: int, path: str) -> None:
    """Report that the step at `path` comes next; raise Cancelled where the work is cancelled."""
    if should_cancel():
        raise Cancelled
    on_step(done, total, path)


def is_for_some(tree: LiveTree, scheme: Scheme) -> bool:
    """Return whether a rule of modules is to change some of their parameters only: those of a pattern, or one."""
    return scheme.scope.kind == "pattern" or is_single(tree, scheme.scope)


def targets_for(tree: LiveTree, scheme: Scheme) -> list[Target]:
    """Return the parameters of a scheme's scope, those that no layer draws anew by itself left alone by the default."""
    targets = targets_of(tree, scheme.scope)
    if scheme.rule is not None or scheme.own is not None:
        return targets
    if is_for_some(tree, scheme):
        drawn = {id(target.holder) for target in targets if draws_itself(target.holder)}
    else:
        called = filter(draws_itself, modules_for(tree, scheme))
        drawn = {id(below) for module in called for below in modules_in(module)}
    return [
        target
        if target.why_not or id(target.holder) in drawn
        else replace(target, why_not=f"{class_name(target.holder)} has no reset_parameters()")
        for target in targets
    ]


def draws_itself(module: nn.Module) -> bool:
    """Return whether a module can draw its parameters anew; nothing of it is called to find out."""
    return any(callable(getattr(type(module), name, vars(module).get(name))) for name in RESETS)


def by_holder(targets: Sequence[Target]) -> list[list[Target]]:
    """Return the targets that can be filled by the module that holds them."""
    groups: dict[int, list[Target]] = {}
    for target in targets:
        if not target.why_not:
            groups.setdefault(id(target.holder), []).append(target)
    return list(groups.values())


def modules_for(tree: LiveTree, scheme: Scheme) -> list[nn.Module]:
    """Return the modules that a rule of modules is called with, in order: of a subtree the order of `net.apply`."""
    scope = scheme.scope
    if scope.kind == "class":
        return modules_of(tree, scope.text)
    node = tree.at(scope.path)
    found: list[nn.Module] = []
    if node is not None and isinstance(node.item, nn.Module):
        node.item.apply(found.append)
    return found
