"""Which input a forward run gets: what the user asked for, what is documented, or a guess."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..opened.source import SourceError
from .specs import InputSpec, SpecError, expression, parse_spec

if TYPE_CHECKING:
    import torch

    from ..opened.source import Source


@dataclass
class Arguments:
    """What `forward` is called with, and how a user would write it."""

    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    """One line, such as `torch.rand(2, 20)`; empty when there is no input."""
    guessed: bool = False


def arguments_for(source: Source, specs: list[str], inputs_from: str | None, device: str | None) -> Arguments:
    """The first of: `inputs_from`, `specs`, inputs handed over with the source or documented, an example that the
    network keeps, a guess from the first layers, nothing.

    Made on `device`, or where the network is.

    Raises:
        SourceError: a SPEC cannot be read, or the function of `inputs_from` failed.
    """
    from ..sources.importing import user_code
    from .inputs import guess_specs, load_inputs
    from .own_inputs import kept_by, told

    if inputs_from is not None:
        try:
            with user_code(inputs_from):
                args, kwargs = load_inputs(inputs_from)
        except SourceError as error:
            # of a target that cannot be had, the own words; of what its function raised, these
            raise error.__cause__ if isinstance(error.__cause__, SourceError) else error from None
        return Arguments(args, kwargs, inputs_from)
    if source.arguments is not None and not specs:
        return Arguments(*source.arguments, text=told(*source.arguments))
    guessed = False
    assert source.module is not None
    try:
        wanted: list[InputSpec] = [parse_spec(text) for text in (specs or source.input_specs)]
        kept = None if wanted else kept_by(source.module, device or device_of(source.module))
        if kept is not None:
            (args, kwargs), name = kept
            return Arguments(args, kwargs, f"{told(args, kwargs)}, its own {name}")
        if not wanted:
            wanted = guess_specs(source.module) or []
            guessed = bool(wanted)
        args, kwargs = _made(wanted, device or device_of(source.module), source.live)
    except SpecError as error:
        raise SourceError(error.title, error.remedy) from None
    return Arguments(args, kwargs, ", ".join(expression(spec) for spec in wanted), guessed)


def _made(wanted: list[InputSpec], device: str, live: bool) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The inputs; of a program that runs, the random numbers are left as they were."""
    import torch

    from .inputs import make_inputs

    if not live:
        return make_inputs(wanted, device)
    with torch.random.fork_rng(devices=[]):
        return make_inputs(wanted, device)


def device_of(module: torch.nn.Module) -> str:
    """Where the network's first parameter or buffer is; `cpu` when it has none."""
    from ..live.registered import buffers_in, parameters_in
    from ..tensors.plainly import attribute

    tensor = next(iter([*parameters_in(module), *buffers_in(module)]), None)
    return "cpu" if tensor is None else str(attribute(tensor, "device"))
