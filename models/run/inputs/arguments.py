"""Which input a forward run gets: what the user asked for, what is documented, or a guess."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...opened.source import SourceError
from .specs import InputSpec, SpecError, expression, parse_spec

if TYPE_CHECKING:
    import torch

    from ...opened.source import Source


@dataclass
class Arguments:
    """What `forward` is called with, and how a user would write it."""

    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    """One line, such as `torch.rand(2, 20)`; empty when there is no input."""
    guessed_from: str = ""
    """What a guess was inferred from: `fc (Linear)`; empty where the arguments are none."""
    origin: str = ""
    """Where they come from, in a few words; empty when there is no input."""
    specs: list[tuple[object, str]] = field(default_factory=list)
    """Those that a SPEC made, each with its SPEC."""


def arguments_for(source: Source, specs: list[str], inputs_from: str | None, device: str | None) -> Arguments:
    """Return the arguments of a forward run, made on `device`, or where the network is.

    The first that there is of: `inputs_from`, `specs`, inputs handed over with the source or documented, an example
    that the network keeps, a guess from the first layers, nothing.

    Args:
        specs: SPECs of the command line, empty for none.
        inputs_from: `FILE.py:NAME` of a function or value, as `load_inputs` takes it.

    Raises:
        SourceError: a SPEC cannot be read, or the function of `inputs_from` failed.
    """
    from ...sources.importing import user_code
    from .inputs import guess_of, load_inputs
    from .own_inputs import arguments_text, kept_by

    if inputs_from is not None:
        try:
            with user_code(inputs_from):
                args, kwargs = load_inputs(inputs_from, source.module)
        except SourceError as error:
            # of a target that cannot be had, the own words; of what its function raised, these
            raise error.__cause__ if isinstance(error.__cause__, SourceError) else error from None
        return Arguments(args, kwargs, inputs_from, origin=f"from --inputs {inputs_from}")
    if source.arguments is not None and not specs:
        return Arguments(*source.arguments, text=arguments_text(*source.arguments), origin="given to explore()")
    guessed_from = ""
    assert source.module is not None
    try:
        wanted: list[InputSpec] = [parse_spec(text) for text in (specs or source.input_specs)]
        kept = None if wanted else kept_by(source.module, device or device_of(source.module))
        if kept is not None:
            (args, kwargs), name = kept
            text = f"{arguments_text(args, kwargs)}, its own {name}"
            return Arguments(args, kwargs, text, origin=f"its own {name}")
        if not wanted:
            guess = guess_of(source.module)
            wanted, guessed_from = ([], "") if guess is None else (guess.specs, guess.source)
        args, kwargs = _made(wanted, device or device_of(source.module), source.live)
    except SpecError as error:
        raise SourceError(error.title, error.remedy) from None
    origin = f"a guess from {guessed_from}" if guessed_from else "given by --input" if specs else "the documented ones"
    unnamed = iter(args)
    made = [(next(unnamed) if spec.name is None else kwargs[spec.name], str(spec)) for spec in wanted]
    text = ", ".join(expression(spec) for spec in wanted)
    return Arguments(args, kwargs, text, guessed_from, origin if wanted else "", made)


def _made(wanted: list[InputSpec], device: str, live: bool) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the inputs; of a program that runs, the random numbers are left as they were."""
    import torch

    from .inputs import make_inputs

    if not live:
        return make_inputs(wanted, device)
    with torch.random.fork_rng(devices=[]):
        return make_inputs(wanted, device)


def device_of(module: torch.nn.Module) -> str:
    """Return where the network's first parameter or buffer is; `cpu` when it has none."""
    from ...live.registered import buffers_in, parameters_in
    from ...tensors.plainly import attribute

    tensor = next(iter([*parameters_in(module), *buffers_in(module)]), None)
    return "cpu" if tensor is None else str(attribute(tensor, "device"))
