"""Which input a forward run gets: what the person asked for, what is documented, or a guess."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..sources.base import SourceError
from .specs import InputSpec, SpecError, expression, parse_spec

if TYPE_CHECKING:
    import torch

    from ..sources.base import Source


@dataclass
class Arguments:
    """What `forward` is called with, and how a person would write it."""

    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    """One line, such as `torch.rand(2, 20)`; empty when there is no input."""
    guessed: bool = False


def arguments_for(source: Source, specs: list[str], inputs_from: str | None, device: str | None) -> Arguments:
    """The first of: `inputs_from`, `specs`, the source's documented input, a guess from the first layers, nothing.

    Made on `device`, or where the network is.

    Raises:
        SourceError: a SPEC cannot be read, or the function of `inputs_from` failed.
    """
    from ..sources.importing import persons_code
    from .inputs import guess_specs, load_inputs, make_inputs

    if inputs_from is not None:
        try:
            with persons_code(inputs_from):
                args, kwargs = load_inputs(inputs_from)
        except SourceError as error:
            # of a target that cannot be had, the own words; of what its function raised, these
            raise error.__cause__ if isinstance(error.__cause__, SourceError) else error from None
        return Arguments(args, kwargs, inputs_from)
    guessed = False
    try:
        wanted: list[InputSpec] = [parse_spec(text) for text in (specs or source.input_specs)]
        if not wanted:
            wanted = guess_specs(source.module) or []
            guessed = bool(wanted)
        args, kwargs = make_inputs(wanted, device or device_of(source.module))
    except SpecError as error:
        raise SourceError(error.title, error.remedy) from None
    return Arguments(args, kwargs, ", ".join(expression(spec) for spec in wanted), guessed)


def device_of(module: torch.nn.Module) -> str:
    """Where the network's first parameter or buffer is; `cpu` when it has none."""
    from ..inspect.registered import buffers_in, parameters_in

    tensor = next(iter([*parameters_in(module), *buffers_in(module)]), None)
    return "cpu" if tensor is None else str(tensor.device)
