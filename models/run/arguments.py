"""Which input a forward run gets: what the person asked for, what is documented, or a guess."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..sources.base import SourceError
from .specs import InputSpec, SpecError, expression, parse_spec

if TYPE_CHECKING:
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

    Raises:
        SourceError: a SPEC cannot be read, or the function of `inputs_from` failed.
    """
    from .inputs import guess_specs, load_inputs, make_inputs

    if inputs_from is not None:
        args, kwargs = load_inputs(inputs_from)
        return Arguments(args, kwargs, inputs_from)
    guessed = False
    try:
        wanted: list[InputSpec] = [parse_spec(text) for text in (specs or source.input_specs)]
        if not wanted:
            wanted = guess_specs(source.module) or []
            guessed = bool(wanted)
        args, kwargs = make_inputs(wanted, device)
    except SpecError as error:
        raise SourceError(error.title, error.remedy) from None
    return Arguments(args, kwargs, ", ".join(expression(spec) for spec in wanted), guessed)
