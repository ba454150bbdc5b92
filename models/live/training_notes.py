"""What code that trains does wrong and no error says: noted while it runs, by an optimizer's steps and backwards."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import wraps
from os.path import basename
from types import FrameType
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook

from ..work.own_files import is_own
from .registered import modules_in, parameters_in, training_of

LOOKED_AT = 4
"""Parameters of an optimizer whose gradients are looked at: it zeroes them all together."""
BEGIN = 32
"""Along each dimension of a gradient, how much of it is read."""
_DIFFER_IN_EVAL = (nn.modules.batchnorm._NormBase, nn.modules.dropout._DropoutNd)


class _Mark(NamedTuple):
    """A gradient as it was when something was over."""

    parameter: weakref.ref[Tensor]
    memory: int
    version: int


class _Stepped:
    """An optimizer that stepped: its gradients since."""

    def __init__(self) -> None:
        self.marks: list[_Mark] = []
        """As the last step or backward left them."""
        self.is_old = False
        """Whether they are those that the last step was made with."""
        self.adds_up = False
        """Whether a backward added to such."""
        self.went_back = False
        """Whether a backward changed them since the last step."""


class TrainingNotes:
    """What was seen of code that trains."""

    def __init__(self) -> None:
        self.root: Callable[[], nn.Module | None] = lambda: None
        """Returns the open network; None where there is none yet."""
        self._stepped: weakref.WeakKeyDictionary[Optimizer, _Stepped] = weakref.WeakKeyDictionary()
        self.adds_up = ""
        """The line of a step with the gradients of the step before it still in its own; empty where there is none."""
        self.in_eval = ""
        """The line of a step that was made while the network was in eval mode."""
        self.loaded_nothing: tuple[weakref.ref[nn.Module], str, str] | None = None
        """A module that `load_state_dict(strict=False)` left as it was, why, and the line."""

    def steps(self, optimizer: Optimizer, *rest: object) -> None:
        """Note a step that is over."""
        where = _line(sys._getframe(1))
        known = self._stepped.setdefault(optimizer, _Stepped())
        if known.went_back:
            self.adds_up = (where or "a step") if known.adds_up else ""
        parameters = _parameters(optimizer)
        known.marks = _marks(parameters)
        known.is_old, known.adds_up, known.went_back = True, False, False
        root = self.root()
        if root is not None and training_of(root) is False and _differs(root, parameters):
            self.in_eval = where or "a step"
        elif root is not None and training_of(root):
            self.in_eval = ""

    def before_backward(self) -> None:
        """Forget what was zeroed since the last step or backward."""
        for known in self._stepped.values():
            as_before = bool(known.marks) and all(map(_is_as_it_was, known.marks))
            if not as_before or (known.is_old and all(map(_is_zero, known.marks))):
                known.marks, known.is_old, known.adds_up = [], False, False

    def after_backward(self) -> None:
        """Note a backward that is over."""
        for optimizer, known in list(self._stepped.items()):
            if known.marks and all(map(_is_as_it_was, known.marks)):
                continue  # it went back through something else
            known.adds_up = known.adds_up or known.is_old
            known.marks = _marks(_parameters(optimizer))
            known.is_old, known.went_back = False, known.went_back or bool(known.marks)

    def loads(self, module: nn.Module, state: Mapping[str, Any], result: Any) -> None:
        """Note a `load_state_dict` that is over: one of which no key fits is not strict, or it had raised."""
        missing, unexpected = list(result.missing_keys), list(result.unexpected_keys)
        if not state or len(unexpected) < len(state) or not missing:
            self.loaded_nothing = None
            return
        self.loaded_nothing = weakref.ref(module), _why_nothing(state, missing, unexpected), _line(sys._getframe(1))


@contextmanager
def noting_training(notes: TrainingNotes) -> Iterator[None]:
    """Note what code that runs meanwhile does wrong in training; everything is as it was afterwards."""
    own_backward, own_load = torch.autograd.backward, nn.Module.load_state_dict

    @wraps(own_backward)
    def backward(*args: Any, **kwargs: Any) -> None:
        with suppress(Exception):
            notes.before_backward()
        own_backward(*args, **kwargs)
        with suppress(Exception):
            notes.after_backward()

    @wraps(own_load)
    def load_state_dict(self: nn.Module, state_dict: Any, *args: Any, **kwargs: Any) -> Any:
        result = own_load(self, state_dict, *args, **kwargs)
        with suppress(Exception):
            notes.loads(self, state_dict, result)
        return result

    def steps(optimizer: Optimizer, *rest: object) -> None:
        with suppress(Exception):  # of an optimizer of the user's own
            notes.steps(optimizer)

    hook = register_optimizer_step_post_hook(steps)
    torch.autograd.backward = backward
    nn.Module.load_state_dict = load_state_dict  # type: ignore[method-assign]
    try:
        yield
    finally:
        hook.remove()
        if torch.autograd.backward is backward:  # else code of the user's put another in its place
            torch.autograd.backward = own_backward
        if nn.Module.load_state_dict is load_state_dict:
            nn.Module.load_state_dict = own_load  # type: ignore[method-assign]


def _parameters(optimizer: Optimizer) -> list[Tensor]:
    return [each for group in optimizer.param_groups for each in group["params"]]


def _marks(parameters: Sequence[Tensor]) -> list[_Mark]:
    found: list[_Mark] = []
    for parameter in parameters:
        gradient = parameter.grad
        if gradient is not None and gradient.layout is torch.strided:
            found.append(_Mark(weakref.ref(parameter), gradient.data_ptr(), gradient._version))
            if len(found) == LOOKED_AT:
                break
    return found


def _is_as_it_was(mark: _Mark) -> bool:
    parameter = mark.parameter()
    gradient = None if parameter is None else parameter.grad
    return gradient is not None and (gradient.data_ptr(), gradient._version) == (mark.memory, mark.version)


def _is_zero(mark: _Mark) -> bool:
    """Return whether a gradient is 0, at least where it begins: by `.data` it is zeroed without a new version."""
    parameter = mark.parameter()
    gradient = None if parameter is None else parameter.grad
    if gradient is None:
        return True
    with torch.no_grad(), torch._C.DisableTorchFunction():
        return not bool(gradient.detach()[(slice(BEGIN),) * gradient.dim()].any())


def _differs(root: nn.Module, parameters: Sequence[Tensor]) -> bool:
    """Return whether eval mode changes what a network computes that is trained by these parameters.

    Not where most of it is left as it is, or some of it is in training mode: there the mode was chosen for each part.
    """
    modules = list(modules_in(root))
    if any(training_of(each) for each in modules):
        return False
    own = {id(each) for each in parameters_in(root)}
    return 2 * sum(id(each) in own for each in parameters) > len(own) and any(
        isinstance(each, _DIFFER_IN_EVAL) for each in modules
    )


def _why_nothing(state: Mapping[str, Any], missing: Sequence[str], unexpected: Sequence[str]) -> str:
    held = next((key for key, value in state.items() if isinstance(value, Mapping) and set(missing) & set(value)), None)
    if held is not None:
        return f"the weights lie in its {held!r}: pass that on"
    has = f"it has `{unexpected[0]}` and the like, and the network `{missing[0]}`"
    head = unexpected[0].partition(".")[0] + "."
    bare = {key.removeprefix(head) for key in unexpected}
    if all(key.startswith(head) for key in unexpected) and set(missing) <= bare:
        return f"{has}: without `{head}` in front they fit"
    head = missing[0].partition(".")[0] + "."
    if all(key.startswith(head) for key in missing) and {key.removeprefix(head) for key in missing} <= set(unexpected):
        return f"{has}: with `{head}` in front they fit"
    return has


def _line(frame: FrameType | None) -> str:
    """Return `file.py:12` for the innermost of the user's frames from `frame` outwards; empty where there is none."""
    while frame is not None:
        file = frame.f_code.co_filename
        if is_own(file):
            return f"{basename(file)}:{frame.f_lineno}"  # noqa: PTH119 (names such as <console> are no paths)
        frame = frame.f_back
    return ""
