"""Inputs that come with a network: handed over beside it, or kept by it as its library has it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch

from ...tensors.plainly import plainly
from ...tensors.tensors import shape_of
from ..trace.shapes import tensors_in
from .from_config import specs_from_config

if TYPE_CHECKING:
    from .inputs import ArgsKwargs

CONVENTIONS = ("example_input_array", "dummy_inputs")
"""Attributes that are meant for this: of Lightning, and of transformers and diffusers."""
MAIN_INPUT = "main_input_name"
"""What transformers calls the argument that a network needs; its `dummy_inputs` are token ids for images too."""


@plainly
def arguments_text(args: tuple[object, ...], kwargs: Mapping[str, object]) -> str:
    """Return arguments in one line: `float32[2, 20], mask=bool[2]`."""
    return ", ".join(
        [*map(_argument_text, args), *(f"{name}={_argument_text(value)}" for name, value in kwargs.items())]
    )


def _argument_text(value: object) -> str:
    if isinstance(value, torch.Tensor):
        return f"{str(value.dtype).removeprefix('torch.')}{list(shape_of(value) or ())}"
    return "None" if value is None else type(value).__name__


def kept_by(module: torch.nn.Module, device: str) -> tuple[ArgsKwargs, str] | None:
    """Return the example of its input that the network itself keeps, moved to `device`, and the name of the attribute.

    None when it keeps none, or one that its forward does not take or that lacks an input that it needs.  Such a
    property is the user's code: what it raises is dropped, and torch's random numbers stay as they were.
    """
    for name in CONVENTIONS:
        if inspect.getattr_static(module, name, None) is None:
            continue
        state = torch.get_rng_state()
        try:
            arguments = _as_arguments(getattr(module, name), device)
            if arguments is not None:
                inspect.signature(module.forward).bind(*arguments[0], **arguments[1])
        except Exception:  # the property's own; or a forward that takes something else
            continue
        finally:
            torch.set_rng_state(state)
        if arguments is not None and (arguments[0] or _has_main_input(module, arguments[1])):
            return arguments, name
    return None


def _has_main_input(module: torch.nn.Module, arguments: Mapping[str, object]) -> bool:
    needed = inspect.getattr_static(module, MAIN_INPUT, None)
    configured = {spec.name for spec in specs_from_config(module) or ()}
    return (not isinstance(needed, str) or needed in arguments) and configured <= set(arguments)


@plainly
def _as_arguments(value: object, device: str) -> ArgsKwargs | None:
    if next(tensors_in(value), None) is None:
        return None
    if isinstance(value, Mapping):
        return (), {str(name): _moved(part, device) for name, part in value.items()}
    parts = value if isinstance(value, (tuple, list)) else (value,)
    return tuple(_moved(part, device) for part in parts), {}


def _moved(value: object, device: str) -> object:
    return value.to(device) if isinstance(value, torch.Tensor) else value
