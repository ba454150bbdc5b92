"""Inputs made, guessed and loaded; torch itself says what is right.

Of `inputs` and `weights`.
"""

from __future__ import annotations

from collections import OrderedDict, UserDict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pytest
import torch
from torch import nn

from models.run.inputs.inputs import as_arguments, guess_of, guess_specs, load_inputs, make_inputs
from models.run.inputs.specs import SpecError, expression, parse_spec


@pytest.mark.parametrize(
    "text",
    ["2x20", "float32[]", "int64[1,64]<50257", "bfloat16[2,3]~normal", "bool[8,8]", "int8[4]<100",
     "complex64[3]~normal", "float16[2]~ones", "uint8[2]~zeros", "bool[2]~ones", "float8_e4m3fn[4]", "float64[0,3]"],
)  # fmt: skip
def test_the_numbers_are_those_of_the_expression(text: str) -> None:
    spec = parse_spec(text)
    torch.manual_seed(7)
    (made,), kwargs = make_inputs([spec])
    torch.manual_seed(7)
    wanted = eval(expression(spec), {"torch": torch})
    assert kwargs == {}
    assert made.dtype == wanted.dtype == getattr(torch, spec.dtype)
    assert tuple(made.shape) == tuple(wanted.shape) == spec.shape
    assert torch.equal(made.to(torch.complex64), wanted.to(torch.complex64))


def test_keywords_and_device() -> None:
    args, kwargs = make_inputs([parse_spec("2x3"), parse_spec("mask=bool[2]")], "meta")
    assert [value.device.type for value in (*args, *kwargs.values())] == ["meta", "meta"]
    assert list(kwargs) == ["mask"]


def test_what_cannot_be_made() -> None:
    with pytest.raises(SpecError, match=r"elements\) cannot be made"):
        make_inputs([parse_spec("999999999x999999999x9")])
    with pytest.raises(SpecError, match="twice"):
        make_inputs([parse_spec("a=2"), parse_spec("a=3")])


class Two(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        return self.linear(left) + right


class Nothing(nn.Module):
    def forward(self) -> torch.Tensor:
        return torch.ones(())


class Keywords(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tokens = nn.Embedding(11, 4)

    def forward(self, ids: torch.Tensor | None = None, mask: torch.Tensor | None = None) -> torch.Tensor:
        return self.tokens(ids)


class Patches(nn.Module):
    """As those of vision transformers, which take pictures of one size."""

    def __init__(self, name: str, size: object) -> None:
        super().__init__()
        self.projection = nn.Conv2d(3, 8, 8, 8)
        setattr(self, name, size)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.projection(pixels)


GUESSES = [
    (nn.Sequential(Patches("image_size", (48, 32)), nn.ReLU()), "2x3x48x32"),
    (Patches("img_size", 64), "2x3x64x64"),
    (Patches("image_size", (0, 2.5)), "2x3x224x224"),
    (Patches("img_size", None), "2x3x224x224"),
    (nn.Sequential(nn.Flatten(), nn.Linear(20, 3)), "2x20"),
    (nn.Sequential(nn.Embedding(100, 8), nn.Linear(8, 2)), "int64[2,16]<100"),
    (nn.Conv1d(4, 8, 3), "2x4x64"),
    (nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU()), "2x1x28x28"),
    (nn.Conv2d(3, 8, 3), "2x3x32x32"),
    (nn.Conv2d(3, 64, 7, stride=2), "2x3x224x224"),
    (nn.Conv3d(2, 4, 3), "2x2x16x16x16"),
    (nn.LSTM(5, 7), "2x16x5"),
    (nn.GRUCell(5, 7), "2x5"),
    (nn.TransformerEncoderLayer(16, 2), "2x16x16"),
    (nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, batch_first=True), 1), "2x16x16"),
    (nn.TransformerDecoderLayer(16, 2), "2x16x16 2x16x16"),
    (nn.MultiheadAttention(8, 2), "2x16x8 2x16x8 2x16x8"),
    (nn.Bilinear(3, 4, 5), "2x3 2x4"),
    (nn.LayerNorm((3, 4)), "2x3x4"),
    (nn.BatchNorm2d(3), "2x3x32x32"),
    (nn.Linear(4, 4, dtype=torch.bfloat16), "bfloat16[2,4]"),
    (Keywords(), "int64[2,16]<11"),
    (Nothing(), ""),
]


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
@pytest.mark.parametrize(("module", "text"), GUESSES)
def test_guesses_run(module: nn.Module, text: str) -> None:
    specs = guess_specs(module)
    assert specs is not None
    assert " ".join(map(str, specs)) == text
    args, _ = make_inputs(specs)
    module(*args)


@pytest.mark.parametrize("module", [Two(), nn.ReLU(), nn.Identity(), nn.Sequential(nn.LazyLinear(3))])
def test_no_guess_where_none_is_sensible(module: nn.Module) -> None:
    assert guess_specs(module) is None


def test_a_guess_draws_no_random_number_and_materialises_nothing() -> None:
    lazy = nn.Sequential(nn.LazyLinear(3), nn.Linear(3, 1))
    state = torch.get_rng_state()
    guess_specs(lazy)
    assert torch.equal(torch.get_rng_state(), state)
    assert isinstance(lazy[0], nn.LazyLinear)


def test_what_a_function_may_return() -> None:
    x, y = torch.ones(1), torch.zeros(1)
    assert as_arguments(((x,), {"mask": y})) == ((x,), {"mask": y})
    assert as_arguments(([x, y], {})) == ((x, y), {})
    assert as_arguments((x, y)) == ((x, y), {})
    assert as_arguments([x]) == ((x,), {})
    assert as_arguments({"a": x}) == ((), {"a": x})
    assert as_arguments(x) == ((x,), {})
    assert as_arguments((x, {"a": y})) == ((x, {"a": y}), {})


def test_inputs_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "batches.py"
    file.write_text(
        "import torch\n\ndef batch():\n    return (torch.ones(2, 3),), {'scale': 2.0}\n\nready = torch.zeros(4)\n"
    )
    args, kwargs = load_inputs(f"{file}:batch")
    assert tuple(args[0].shape) == (2, 3)
    assert kwargs == {"scale": 2.0}
    args, kwargs = load_inputs(f"{file}:ready")
    assert tuple(args[0].shape) == (4,)


class Batch(nn.Module):
    def forward(self, features: object) -> object:
        return features


class BatchEncoding(UserDict[str, torch.Tensor]):
    """As tokenizers of transformers give it."""


IDS, MASK = torch.zeros(2, 5, dtype=torch.long), torch.ones(2, 5)


@pytest.mark.parametrize("kind", [dict, OrderedDict, BatchEncoding, MappingProxyType])
def test_any_mapping_is_the_keyword_arguments_or_the_one_argument(kind: Callable[[object], object]) -> None:
    batch = kind({"ids": IDS, "mask": MASK})
    args, kwargs = as_arguments(batch, Keywords())
    assert (args, list(kwargs)) == ((), ["ids", "mask"])
    assert Keywords()(**kwargs).shape == (2, 5, 4)
    (alone,), none = as_arguments(batch, Batch())
    assert alone is batch
    assert none == {}


def test_a_mapping_that_has_the_name_of_the_one_parameter_is_keywords() -> None:
    assert as_arguments({"features": MASK}, Batch()) == ((), {"features": MASK})
    assert as_arguments(((), BatchEncoding({"features": MASK})), Batch()) == ((), {"features": MASK})


def test_a_mapping_that_fits_nowhere_stays_keywords() -> None:
    assert as_arguments({"left": MASK}, Two()) == ((), {"left": MASK})


def test_a_namedtuple_can_be_the_one_argument() -> None:
    class Point(NamedTuple):
        x: torch.Tensor
        y: torch.Tensor

    point = Point(IDS, MASK)
    (alone,), _ = as_arguments(point, Batch())
    assert alone is point
    assert as_arguments(point, Two()) == ((IDS, MASK), {})


class InList(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = [nn.Linear(20, 8), nn.Linear(8, 2)]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class InDict(InList):
    def __init__(self) -> None:
        super().__init__()
        self.layers = {"first": [nn.Linear(6, 8)], "last": nn.Linear(8, 2)}  # type: ignore[assignment]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers["last"](self.layers["first"][0](x))  # type: ignore[call-overload,no-any-return]


def built(width: int) -> Callable[[torch.Tensor], torch.Tensor]:
    layer = nn.Linear(width, 2)
    return lambda x: layer(x)


class Built(nn.Module):
    def __init__(self, make: Callable[[int], Callable[[torch.Tensor], torch.Tensor]] = built) -> None:
        super().__init__()
        self.run = make(12)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.run(x)


class Weights(nn.Module):
    """Weights alone."""

    def __init__(self, *shapes: tuple[int, ...]) -> None:
        super().__init__()
        self.ws = nn.ParameterList([torch.rand(shape) for shape in shapes])
        self.w = self.ws[0]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x @ self.w


class Linear(Weights):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.linear(x, self.w, self.ws[1])


class Transposed(Weights):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.matmul(x, self.ws[0].T)


class Added(Weights):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.addmm(self.ws[1], x, self.w)


class Method(Weights):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.relu().mm(self.w)


class Turns(Weights):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for weight, bias in zip(self.ws[::2], self.ws[1::2], strict=True):
            x = x @ weight + bias
        return x


class LinearTurns(Weights):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for weight, bias in zip(self.ws[::2], self.ws[1::2], strict=True):
            x = nn.functional.linear(x, weight, bias)
        return x


class Picture(Weights):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.conv2d(x, self.w)


class Table(Weights):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.embedding(x, self.w)


class Scale(Weights):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.w


@pytest.mark.parametrize(
    ("module", "text", "source"),
    [
        (InList(), "2x20", "layers[0] (Linear)"),
        (InDict(), "2x6", "layers['first'][0] (Linear)"),
        (Built(), "2x12", "run (Linear)"),
        (Built(lambda width: partial(built(width))), "2x12", "run (Linear)"),
        (Weights((4, 7)), "2x4", "the shape of w"),
        (Linear((7, 4), (7,)), "2x4", "the shape of w"),
        (Transposed((7, 4)), "2x4", "the shape of w"),
        (Added((4, 7), (7,)), "2x4", "the shape of w"),
        (Method((4, 7)), "2x4", "the shape of w"),
        (Turns((4, 7), (7,), (7, 3), (3,)), "2x4", "the shape of w"),
        (LinearTurns((7, 4), (7,), (3, 7), (3,)), "2x4", "the shape of w"),
        (Picture((6, 3, 5, 5)), "2x3x32x32", "the shape of w"),
        (Table((30, 4)), "int64[2,16]<30", "the shape of w"),
        (Scale((5,)), "2x5", "the shape of w"),
    ],
)
def test_guesses_where_no_layer_is_registered_run(module: nn.Module, text: str, source: str) -> None:
    guess = guess_of(module)
    assert guess is not None
    assert guess.specs == [parse_spec(text)]
    assert guess.source.startswith(source) or source.endswith(" w")
    args, kwargs = make_inputs(guess.specs)
    module(*args, **kwargs)
