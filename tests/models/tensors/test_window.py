"""Windows compared with plain indexing, for every shape and dtype."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from models.engine import codec
from models.messages import Cells
from models.tensors.matrix import CELL_LIMIT
from models.tensors.torch_readable import readable_of
from models.tensors.window import window


def test_0d_is_one_cell_and_1d_one_row():
    scalar = window(readable_of(torch.tensor(7.5)), path="a")
    assert (scalar.height, scalar.width, scalar.values, scalar.shape) == (1, 1, [7.5], [])
    vector = window(readable_of(torch.arange(5)), path="a", column=2, columns=2)
    assert (vector.height, vector.width, vector.rows, vector.columns) == (1, 5, 1, 2)
    assert vector.values == [2, 3]
    assert vector.number == "int"


shapes = st.lists(st.integers(0, 5), max_size=5)
numbers = st.integers(-3, 9)


@settings(deadline=None)
@given(shapes, st.lists(numbers, max_size=4), numbers, numbers, numbers, numbers)
def test_windows_are_what_indexing_gives(shape, leading, row, rows, column, columns):
    tensor = torch.arange(math.prod(shape)).reshape(shape)
    cells = window(readable_of(tensor), path="a", leading=leading, row=row, rows=rows, column=column, columns=columns)
    assert cells.absence == ""
    assert cells.shape == shape
    assert len(cells.values) == cells.rows * cells.columns
    assert len(cells.leading) == max(len(shape) - 2, 0)
    assert 0 <= cells.row <= cells.row + cells.rows <= cells.height
    assert 0 <= cells.column <= cells.column + cells.columns <= cells.width
    if tensor.numel():
        clamped = [max(0, min(index, size - 1)) for index, size in zip(leading, shape[:-2], strict=False)]
        assert cells.leading[: len(clamped)] == clamped
        assert not any(cells.leading[len(clamped) :])
        matrix = tensor[tuple(cells.leading)].reshape(cells.height, cells.width)
        down, across = max(0, row), max(0, column)
        expected = matrix[down : down + max(0, rows), across : across + max(0, columns)]
        assert cells.values == expected.flatten().tolist()


@pytest.mark.parametrize(
    "dtype",
    [
        torch.float16, torch.bfloat16, torch.float64, torch.float8_e4m3fn, torch.float8_e5m2, torch.uint8,
        torch.uint16, torch.int64, torch.bool,
    ],
)  # fmt: skip
def test_every_dtype_gives_its_exact_numbers(dtype):
    tensor = torch.tensor([[0, 1], [2, 3]]).to(dtype)
    cells = window(readable_of(tensor), path="a")
    assert cells.values == ([0, 1, 1, 1] if dtype == torch.bool else [0, 1, 2, 3])
    assert codec.answer_body(codec.pack(cells), Cells) == cells  # what the interface gets
    assert cells.dtype == str(dtype)[6:]
    assert cells.number == ("bool" if dtype == torch.bool else "float" if dtype.is_floating_point else "int")


def test_complex_numbers_come_in_two_parts():
    cells = window(readable_of(torch.tensor([1 + 2j, 3 - 4j]).conj()), path="a")
    assert (cells.number, cells.values, cells.imaginary) == ("complex", [1, 3], [-2, 4])


def test_nan_and_infinity_come_as_they_are():
    values = window(readable_of(torch.tensor([math.nan, math.inf, -math.inf])), path="a").values
    assert math.isnan(values[0])
    assert values[1:] == [math.inf, -math.inf]


def test_a_window_never_has_more_than_the_allowed_cells():
    cells = window(readable_of(torch.zeros(1).expand(10**6, 10**6)), path="a", row=5, rows=10**6, columns=300)
    assert cells.columns == 300
    assert len(cells.values) == cells.rows * 300 <= CELL_LIMIT


@pytest.mark.filterwarnings("ignore:.*deprecated:UserWarning")  # torch says so once in a process
def test_sparse_and_quantised_tensors_are_unpacked():
    assert window(readable_of(torch.eye(2).to_sparse()), path="a").values == [1, 0, 0, 1]
    quantised = torch.quantize_per_tensor(torch.tensor([0.5, -1.0]), 0.5, 0, torch.qint8)
    cells = window(readable_of(quantised), path="a")
    assert (cells.values, cells.dtype, cells.number) == ([0.5, -1.0], "qint8", "float")


@pytest.mark.parametrize(
    ("tensor", "absence", "shape"),
    [
        (None, "none", []),
        (torch.zeros(2, 3, device="meta"), "meta", [2, 3]),
        (nn.LazyLinear(2).weight, "uninitialised", []),
    ],
)
def test_no_numbers_has_a_reason_and_keeps_the_shape(tensor, absence, shape):
    cells = window(readable_of(tensor), path="a", of="gradient")
    assert (cells.absence, cells.shape, cells.values) == (absence, shape, [])
    assert cells.reason
    assert cells.of == "gradient"


class Refusing(torch.Tensor):
    """A subclass whose operations all fail."""

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        raise RuntimeError(f"no {function} here\nreally")


def test_a_class_that_cannot_be_read_says_why():
    tensor = torch.Tensor._make_wrapper_subclass(Refusing, (2, 2))
    cells = window(readable_of(tensor), path="a")
    assert cells.absence == "unsupported"
    assert "here" in cells.reason
    assert "really" not in cells.reason


class Watched(torch.Tensor):
    """A subclass that would notice being looked at."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if getattr(function, "__name__", "") in ("detach", "__getitem__", "tolist"):
            raise AssertionError("looked at")
        return super().__torch_function__(function, types, args, kwargs or {})


def test_a_subclass_does_not_notice():
    assert window(readable_of(torch.ones(2).as_subclass(Watched)), path="a").values == [1, 1]


def test_looking_changes_nothing():
    layer = nn.Linear(3, 4)
    before, state = layer.weight._version, torch.get_rng_state()
    window(readable_of(layer.weight), path="weight")
    assert layer.weight._version == before
    assert layer.weight.requires_grad
    assert torch.equal(torch.get_rng_state(), state)
