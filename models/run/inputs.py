"""The inputs of a run: made from specs, guessed from the first layers, or taken from a user's function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from math import prod

import torch
from torch import Tensor, nn

from ..live.registered import modules_in, parameters_in
from ..tensors.plainly import plainly
from .specs import InputSpec, SpecError, expression

Arguments = tuple[tuple[object, ...], dict[str, object]]
"""Positional and keyword arguments of a forward."""


@plainly
def make_inputs(specs: Sequence[InputSpec], device: str | torch.device | None = None) -> Arguments:
    """Make the inputs with torch's generator of the CPU, then move them to `device`.

    The numbers are those that `expression` of each spec would give, in this order.  Raises SpecError when one does not
    fit into memory or a keyword comes twice.
    """
    args: list[object] = []
    kwargs: dict[str, object] = {}
    for spec in specs:
        if spec.name is None:
            args.append(_make(spec, device))
        elif spec.name in kwargs:
            raise SpecError(f"the input {spec.name} is given twice")
        else:
            kwargs[spec.name] = _make(spec, device)
    return tuple(args), kwargs


def _make(spec: InputSpec, device: str | torch.device | None) -> Tensor:
    dtype: torch.dtype = getattr(torch, spec.dtype)
    made_as = torch.float32 if spec.dtype.startswith("float8") else dtype
    try:
        if spec.bound is not None or (spec.dtype == "bool" and spec.fill == "uniform"):
            value = torch.randint(2 if spec.bound is None else spec.bound, spec.shape, dtype=made_as)
        elif spec.fill == "uniform":
            value = torch.rand(spec.shape, dtype=made_as)
        elif spec.fill == "normal":
            value = torch.randn(spec.shape, dtype=made_as)
        else:
            value = torch.full(spec.shape, spec.fill == "ones", dtype=made_as)
        return value.to(device=device, dtype=dtype)
    except (RuntimeError, TypeError, OverflowError, MemoryError) as error:
        cause = str(error).partition("\n")[0][:200]
        raise SpecError(f"{expression(spec)} ({prod(spec.shape):,} elements) cannot be made: {cause}") from None


@plainly
def guess_specs(module: nn.Module) -> list[InputSpec] | None:
    """Inputs that this module could take, told from its forward's signature and its first layers.

    None when none is sensible.  Reads attributes only; nothing is run.
    """
    required, possible = _positional(module)
    if possible == 0:
        return []
    for layer in modules_in(module):
        guess = _of_layer(layer)
        if guess is None:
            continue
        if not guess:
            return None
        if layer is module and required <= len(guess):
            return guess
        return guess[:1] if required <= 1 and len(guess) == 1 else None
    return None


def takes_input(module: nn.Module) -> bool:
    """Whether its forward could take a positional argument; true where Python cannot tell."""
    return _positional(module)[1] > 0


def _positional(module: nn.Module) -> tuple[int, int]:
    """How many positional arguments `forward` requires, and how many it could take."""
    try:
        parameters = inspect.signature(module.forward).parameters.values()
    except Exception:  # no signature; or a property of the user's
        return 1, 1
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    variable = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    return sum(p.default is p.empty for p in positional), len(positional) + variable


def _of_layer(layer: nn.Module) -> list[InputSpec] | None:
    """The inputs of a layer that tells its input's size; none for a lazy one; None for a layer that takes any."""
    for kinds, guess in _GUESSES:
        if isinstance(layer, kinds):
            specs = guess(layer)
            usable = all(spec.shape and min(spec.shape) > 0 for spec in specs)
            return specs if usable else []
    return None


def _features(attribute: str, *before: int, times: int = 1) -> Callable[[nn.Module], list[InputSpec]]:
    """A guess of `times` inputs whose last size is an attribute of the layer."""
    return lambda layer: [InputSpec((*before, _size(layer, attribute)), _dtype(layer))] * times


def _indices(layer: nn.Module) -> list[InputSpec]:
    return [InputSpec((2, 16), "int64", bound=max(1, _size(layer, "num_embeddings")))]


def _image(layer: nn.Module) -> list[InputSpec]:
    """Large pictures for a first layer that shrinks them, small ones (28 for one channel, as MNIST) for another."""
    channels = _size(layer, "in_channels")
    dimensions = len(getattr(layer, "kernel_size", (1, 1)))
    shrinks = max(getattr(layer, "stride", (1,))) > 1 or max(getattr(layer, "kernel_size", (1,))) >= 7
    side = {1: 64, 3: 16}.get(dimensions, 28 if channels == 1 else 32)
    if shrinks:
        side = {1: 1024, 3: 64}.get(dimensions, 224)
    return [InputSpec((2, channels, *[side] * dimensions), _dtype(layer))]


def _normalized(layer: nn.Module) -> list[InputSpec]:
    return [InputSpec((2, *getattr(layer, "normalized_shape", ())), _dtype(layer))]


def _bilinear(layer: nn.Module) -> list[InputSpec]:
    sizes = (_size(layer, "in1_features"), _size(layer, "in2_features"))
    return [InputSpec((2, size), _dtype(layer)) for size in sizes]


def _size(layer: nn.Module, attribute: str) -> int:
    """An attribute that tells a size; 0, which no guess accepts, for a lazy layer's and for anything strange."""
    size = getattr(layer, attribute, 0)
    return size if isinstance(size, int) else 0


def _dtype(layer: nn.Module) -> str:
    """The first parameter's dtype where it is one of floating point that inputs can have."""
    parameter = next(iter(parameters_in(layer)), None)
    dtype = str(parameter.dtype).removeprefix("torch.") if parameter is not None else "float32"
    return dtype if dtype in ("float64", "float16", "bfloat16", "complex64", "complex128") else "float32"


_GUESSES: list[tuple[tuple[type[nn.Module], ...], Callable[[nn.Module], list[InputSpec]]]] = [
    ((nn.Transformer, nn.TransformerDecoder, nn.TransformerDecoderLayer), lambda layer: _attention(layer, 2)),
    ((nn.TransformerEncoder, nn.TransformerEncoderLayer), lambda layer: _attention(layer, 1)),
    ((nn.MultiheadAttention,), _features("embed_dim", 2, 16, times=3)),
    ((nn.Linear,), _features("in_features", 2)),
    ((nn.Bilinear,), _bilinear),
    ((nn.Embedding, nn.EmbeddingBag), _indices),
    ((nn.modules.conv._ConvNd,), _image),
    ((nn.RNNBase,), _features("input_size", 2, 16)),
    ((nn.RNNCellBase,), _features("input_size", 2)),
    ((nn.LayerNorm,), _normalized),
    ((nn.BatchNorm1d,), _features("num_features", 2)),
    ((nn.BatchNorm2d,), lambda layer: [InputSpec((2, _size(layer, "num_features"), 32, 32), _dtype(layer))]),
]
"""The first kind that fits decides; only layers that tell the size of their input are here."""


def _attention(layer: nn.Module, times: int) -> list[InputSpec]:
    """Sequences as wide as the first attention below."""
    inner = next((m for m in modules_in(layer) if isinstance(m, nn.MultiheadAttention)), layer)
    return _features("embed_dim", 2, 16, times=times)(inner)


def load_inputs(target: str) -> Arguments:
    """The inputs that `FILE.py:NAME` or `package.module:NAME` names.

    A function is called without arguments.  What it gives, or what NAME is, can be a pair of a tuple and a dict:
    positional and keyword arguments; a tuple or list: the positional arguments; a dict: the keyword arguments; anything
    else: the one argument.  Raises SourceError when the target cannot be imported, and whatever the function raises.
    """
    from ..sources.python_target import load_target

    found = load_target(target)
    if callable(found) and not isinstance(found, Tensor):
        found = found()
    return as_arguments(found)


def as_arguments(found: object) -> Arguments:
    """Read what a user's function returned as the arguments of a forward, as `load_inputs` tells."""
    if isinstance(found, tuple) and len(found) == 2 and isinstance(found[0], (tuple, list)) and _is_kwargs(found[1]):
        return tuple(found[0]), dict(found[1])
    if isinstance(found, (tuple, list)):
        return tuple(found), {}
    if _is_kwargs(found):
        return (), dict(found)  # type: ignore[call-overload]
    return (found,), {}


def _is_kwargs(found: object) -> bool:
    return isinstance(found, dict) and all(isinstance(key, str) for key in found)
