"""The inputs of a run: made from specs, guessed from the first layers, or taken from a user's function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from types import FunctionType, MethodType, ModuleType
from typing import TypeGuard

import torch
from torch import Tensor, nn

from ...live.live_tree import LiveTree
from ...live.registered import modules_in, parameters_in
from ...tensors.plainly import plainly
from ...tensors.tensors import is_uninitialised
from .from_config import specs_from_config
from .specs import InputSpec, SpecError, expression, spec_elements
from .weights import guess_from_weights

ArgsKwargs = tuple[tuple[object, ...], dict[str, object]]
"""Positional and keyword arguments of a forward."""


@plainly
def make_inputs(specs: Sequence[InputSpec], device: str | torch.device | None = None) -> ArgsKwargs:
    """Make the inputs with torch's generator of the CPU, then move them to `device`.

    The elements are those that `expression` of each spec would give, in this order.

    Raises:
        SpecError: an input does not fit into memory, or a keyword comes twice.
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
            value = torch.randint(2 if spec.bound is None else spec.bound, spec.shape, dtype=made_as, device="cpu")
        elif spec.fill == "uniform":
            value = torch.rand(spec.shape, dtype=made_as, device="cpu")
        elif spec.fill == "normal":
            value = torch.randn(spec.shape, dtype=made_as, device="cpu")
        else:
            value = torch.full(spec.shape, spec.fill == "ones", dtype=made_as, device="cpu")
        return value.to(device=device, dtype=dtype)
    except (RuntimeError, TypeError, OverflowError, MemoryError) as error:
        cause = str(error).partition("\n")[0][:200]
        raise SpecError(f"{expression(spec)} ({spec_elements(spec):,} elements) cannot be made: {cause}") from None


@plainly
def guess_specs(module: nn.Module) -> list[InputSpec] | None:
    """Return inputs that this module could take, guessed from its forward's signature and its first layers.

    Empty when it takes none; None when no guess is sensible.  Reads attributes only; nothing is run.
    """
    found = guess_of(module)
    return None if found is None else found.specs


@dataclass(frozen=True, slots=True)
class Guess:
    """Inputs that a network could take, and what in it they were inferred from."""

    specs: list[InputSpec]
    source: str
    """Such as `fc (Linear)`; empty where the network takes no input."""


@plainly
def guess_of(module: nn.Module) -> Guess | None:
    """Return what `guess_specs` does, with what it was inferred from: a layer, hidden ones last, or a weight.

    None where nothing says it.
    """
    required, possible = _positional(module)
    if possible == 0:
        return Guess([], "")
    configured = specs_from_config(module)
    if configured is not None:
        dtype = _dtype(module)
        specs = [replace(spec, dtype=dtype) if spec.dtype == "float32" else spec for spec in configured]
        return Guess(specs, "its configuration")
    seen: dict[str, nn.Module] = {}
    for path, layer in _layers(module):
        seen[path] = layer
        guess = _of_layer(layer)
        if guess is None:
            continue
        if isinstance(layer, nn.Conv2d):
            guess = [_as_large_as_said(spec, seen.get(path.rpartition(".")[0])) for spec in guess]
        if not guess:
            return None
        source = f"{path or 'the network'} ({type(layer).__name__})"
        if layer is module and required <= len(guess):
            return Guess(guess, source)
        return Guess(guess[:1], source) if required <= 1 and len(guess) == 1 else None
    if required <= 1 and not any(map(is_uninitialised, parameters_in(module))):
        found = guess_from_weights(module)
        if found is not None:
            return Guess([found[0]], f"the shape of {found[1]}")
    return None


def _layers(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yield the modules with their paths: the registered ones, then those in plain attributes and within functions."""
    nodes = LiveTree.of(module).nodes
    modules = [(node.path, node.item) for node in nodes if isinstance(node.item, nn.Module)]
    hidden = {node.path for node in nodes if not node.registered}
    yield from ((path, item) for path, item in modules if path not in hidden)
    yield from ((path, item) for path, item in modules if path in hidden)
    for name, value in list(vars(module).items()):
        yield from ((str(name), layer) for layer in _within(value, 3))


def _within(value: object, depth: int) -> Iterator[nn.Module]:
    """Yield the modules that a function closes over, a partial or a method holds, or an object of the user's."""
    if isinstance(value, nn.Module):
        yield from modules_in(value)
    if isinstance(value, (nn.Module, Tensor, type, ModuleType, str)) or not depth:
        return
    parts: list[object] = []
    if isinstance(value, (list, tuple)):
        parts = list(value[:100])
    elif isinstance(value, dict):
        parts = list(islice(value.values(), 100))
    elif isinstance(value, partial):
        parts = [value.func, *value.args, *value.keywords.values()]
    elif isinstance(value, FunctionType):
        for cell in value.__closure__ or ():
            with suppress(ValueError):  # not assigned yet
                parts.append(cell.cell_contents)
    elif isinstance(value, MethodType):
        parts = [value.__self__]
    elif isinstance(getattr(value, "__dict__", None), dict):
        parts = list(islice(vars(value).values(), 100))
    for part in parts:
        yield from _within(part, depth - 1)


def takes_input(module: nn.Module) -> bool:
    """Return whether its forward could take a positional argument; True where Python cannot say."""
    return _positional(module)[1] > 0


def _positional(module: nn.Module) -> tuple[int, int]:
    """Return how many positional arguments `forward` requires, and how many it could take."""
    try:
        parameters = inspect.signature(module.forward).parameters.values()
    except Exception:  # no signature; or a property of the user's
        return 1, 1
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    variable = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    return sum(p.default is p.empty for p in positional), len(positional) + variable


def _of_layer(layer: nn.Module) -> list[InputSpec] | None:
    """Return the inputs of a layer that knows its input's size; none for a lazy one; None for one that takes any."""
    for kinds, guess in _GUESSES:
        if isinstance(layer, kinds):
            specs = guess(layer)
            usable = all(spec.shape and min(spec.shape) > 0 for spec in specs)
            return specs if usable else []
    return None


def _features(attribute: str, *before: int, times: int = 1) -> Callable[[nn.Module], list[InputSpec]]:
    """Return a guess of `times` inputs whose last size is an attribute of the layer."""
    return lambda layer: [InputSpec((*before, _size(layer, attribute)), _dtype(layer))] * times


def _indices(layer: nn.Module) -> list[InputSpec]:
    return [InputSpec((2, 16), "int64", bound=max(1, _size(layer, "num_embeddings")))]


def _image(layer: nn.Module) -> list[InputSpec]:
    """Return large pictures for a first layer that shrinks them, small ones (28 for one channel, as MNIST) else."""
    channels = _size(layer, "in_channels")
    dimensions = len(getattr(layer, "kernel_size", (1, 1)))
    shrinks = max(getattr(layer, "stride", (1,))) > 1 or max(getattr(layer, "kernel_size", (1,))) >= 7
    side = {1: 64, 3: 16}.get(dimensions, 28 if channels == 1 else 32)
    if shrinks:
        side = {1: 1024, 3: 64}.get(dimensions, 224)
    return [InputSpec((2, channels, *[side] * dimensions), _dtype(layer))]


_LARGEST_SIDE = 4096


def _as_large_as_said(picture: InputSpec, owner: nn.Module | None) -> InputSpec:
    """Return a picture in the size that the module around its first layer keeps, as vision transformers do."""
    for name in ("img_size", "image_size"):
        size = vars(owner).get(name) if owner is not None else None
        sides = (size, size) if isinstance(size, int) else size
        if not isinstance(sides, (tuple, list)) or len(sides) != 2:
            continue
        if all(type(side) is int and 0 < side <= _LARGEST_SIDE for side in sides):
            return replace(picture, shape=(*picture.shape[:2], *sides))
    return picture


def _normalized(layer: nn.Module) -> list[InputSpec]:
    return [InputSpec((2, *getattr(layer, "normalized_shape", ())), _dtype(layer))]


def _bilinear(layer: nn.Module) -> list[InputSpec]:
    sizes = (_size(layer, "in1_features"), _size(layer, "in2_features"))
    return [InputSpec((2, size), _dtype(layer)) for size in sizes]


def _size(layer: nn.Module, attribute: str) -> int:
    """Return an attribute that is a size; 0, which no guess accepts, for a lazy layer's and for anything strange."""
    size = getattr(layer, attribute, 0)
    return size if isinstance(size, int) else 0


def _dtype(layer: nn.Module) -> str:
    """Return the first parameter's dtype where it is one of floating point that inputs can have."""
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
"""The first kind that fits decides; only layers that know the size of their input are here."""


def _attention(layer: nn.Module, times: int) -> list[InputSpec]:
    """Return sequences as wide as the first attention below."""
    inner = next((m for m in modules_in(layer) if isinstance(m, nn.MultiheadAttention)), layer)
    return _features("embed_dim", 2, 16, times=times)(inner)


def load_inputs(target: str, network: nn.Module | None = None) -> ArgsKwargs:
    """Return the inputs that `FILE.py:NAME` or `package.module:NAME` names, as `as_arguments` reads them.

    A function is called without arguments.

    Raises:
        SourceError: the target cannot be imported.
        BaseException: whatever the function raises.
    """
    from ...sources.python_target import load_target

    found = load_target(target)
    if callable(found) and not isinstance(found, Tensor):
        found = found()
    return as_arguments(found, network)


@plainly
def as_arguments(found: object, network: nn.Module | None = None) -> ArgsKwargs:
    """Return what a user's function returned as the arguments of the forward of `network`.

    A pair of a tuple and a mapping: positional and keyword arguments.  A tuple or list: the positional arguments; a
    namedtuple that the forward takes as one is that.  A mapping (a dict, `UserDict`, `BatchEncoding`): the keyword
    arguments; or the one argument, where the forward has no parameters of these names and takes one.  Anything else:
    the one argument.
    """
    if isinstance(found, tuple) and len(found) == 2 and isinstance(found[0], (tuple, list)) and _is_kwargs(found[1]):
        return tuple(found[0]), dict(found[1])
    if isinstance(found, tuple) and hasattr(type(found), "_fields") and not _takes(network, tuple(found), {}):
        return (found,), {}
    if isinstance(found, (tuple, list)):
        return tuple(found), {}
    if _is_kwargs(found):
        assert isinstance(found, Mapping)
        keywords = {key: found[key] for key in found}
        if _takes(network, (), keywords) or not _takes(network, (found,), {}):
            return (), keywords
    return (found,), {}


def _is_kwargs(found: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(found, Mapping) and all(isinstance(key, str) for key in found)


def _takes(network: nn.Module | None, args: tuple[object, ...], kwargs: dict[str, object]) -> bool:
    """Return whether the forward has parameters for these arguments; True where Python cannot say."""
    if network is None:
        return True
    try:
        signature = inspect.signature(network.forward)
    except Exception:  # no signature; or a property of the user's
        return True
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        return False
    return True
