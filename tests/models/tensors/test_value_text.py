"""Values as text: Python reads back what the tensor holds."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.tensors.notation import TEXT_LIMIT
from models.tensors.torch_readable import readable_of
from models.tensors.value_text import value_texts
from tests.cases import examples

DTYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn]


def as_text(tensor: torch.Tensor, which: int) -> str | None:
    texts = value_texts(readable_of(tensor))
    return None if texts is None else texts[which]


def as_python(tensor: torch.Tensor) -> str | None:
    return as_text(tensor, 0)


def as_numpy(tensor: torch.Tensor) -> str | None:
    return as_text(tensor, 1)


def as_csv(tensor: torch.Tensor) -> str | None:
    return as_text(tensor, 2)


def read_back(text: str | None, dtype: torch.dtype) -> torch.Tensor:
    assert text is not None
    return torch.tensor(eval(text), dtype=dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_floats_come_back_bit_for_bit(dtype: torch.dtype) -> None:
    values = torch.randn(50, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64).to(dtype)
    assert torch.equal(read_back(as_python(values), dtype).double(), values.double())


@settings(max_examples=examples(200), deadline=None)
@given(st.floats(width=32))
def test_any_float_comes_back(value: float) -> None:
    back = read_back(as_python(torch.tensor(value)), torch.float32).item()
    assert back == value or (math.isnan(back) and math.isnan(value))


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (torch.tensor([0.1, 1.0, -2.5e-8]), "[0.1, 1.0, -2.5e-08]"),
        (torch.tensor([[1, 2], [3, 4]]), "[[1, 2], [3, 4]]"),
        (torch.tensor([True, False]), "[True, False]"),
        (torch.tensor(3.5), "3.5"),
        (torch.tensor([1 + 2j, 1 - 0.1j]), "[(1.0+2.0j), (1.0-0.1j)]"),
        (torch.tensor([math.nan, math.inf, -math.inf]), "[float('nan'), float('inf'), -float('inf')]"),
        (torch.zeros(2, 0), "[[], []]"),
        (torch.eye(2).to_sparse(), "[[1.0, 0.0], [0.0, 1.0]]"),
        (torch.tensor([1 + 2j]).conj(), "[(1.0-2.0j)]"),
    ],
)
def test_python(tensor: torch.Tensor, text: str) -> None:
    assert as_python(tensor) == text


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor:UserWarning")
def test_quantised_tensors_show_the_numbers_they_stand_for() -> None:
    torch.set_warn_always(True)  # so that the one warning of this process is left for whoever awaits it
    quantised = torch.quantize_per_tensor(torch.tensor([0.5, 1.0]), 0.5, 0, torch.qint8)
    torch.set_warn_always(False)
    assert as_python(quantised) == "[0.5, 1.0]"
    assert as_numpy(quantised) == "np.array([0.5, 1.0], dtype=np.float32)"


def test_numpy_names_the_dtype() -> None:
    assert as_numpy(torch.tensor([[0.1, math.nan]])) == "np.array([[0.1, np.nan]], dtype=np.float32)"
    assert as_numpy(torch.tensor([True])) == "np.array([True], dtype=np.bool_)"
    assert as_numpy(torch.ones(1, dtype=torch.bfloat16)) == "np.array([1.0], dtype=np.float32)"
    assert as_numpy(torch.zeros(0, 5)) == "np.empty((0, 5), dtype=np.float32)"
    complex_text = as_numpy(torch.tensor([complex(math.inf, 1)]))
    assert complex_text is not None
    names = {"np": SimpleNamespace(array=lambda values, dtype: values, complex64=None, inf=math.inf)}
    assert eval(complex_text, names) == [complex(math.inf, 1)]


def test_csv_has_a_line_a_row_and_a_gap_between_matrices() -> None:
    assert as_csv(torch.tensor([1.0, 2.0])) == "1.0,2.0\n"
    assert as_csv(torch.tensor(1)) == "1\n"
    assert as_csv(torch.arange(8).reshape(2, 2, 2)) == "0,1\n2,3\n\n4,5\n6,7\n"
    assert as_csv(torch.tensor([math.nan, -math.inf])) == "nan,-inf\n"


@pytest.mark.parametrize("shape", [(10**12,), (10**6, 10**6), (10**12, 1), (1, 10**4, 10**8)])
def test_huge_tensors_are_cut_without_being_read(shape: tuple[int, ...]) -> None:
    tensor = torch.zeros(()).expand(shape)
    for write in (as_python, as_csv):
        text = write(tensor)
        assert text is not None
        assert len(text) == TEXT_LIMIT + 1


def test_no_elements_may_be_many_brackets() -> None:
    tensor = torch.zeros(10**12, 0)
    text = as_python(tensor)
    assert text is not None
    assert len(text) == TEXT_LIMIT + 1
    assert as_csv(tensor) == ""


def test_what_is_cut_is_the_beginning() -> None:
    tensor = torch.arange(90_000).reshape(3, 300, 100)
    text = as_python(tensor)
    assert text == str(tensor.tolist())[: TEXT_LIMIT + 1]


def test_tensors_without_values_give_no_text() -> None:
    assert as_python(torch.zeros(2, device="meta")) is None
    assert as_csv(torch.nn.LazyLinear(2).weight) is None
    assert (
        as_numpy(torch.sparse_coo_tensor(torch.zeros(1, 0, dtype=torch.long), [], (10**9,), check_invariants=True))
        is None
    )
