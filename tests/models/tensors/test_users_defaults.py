"""Of `models/tensors/statistics/statistics.py`, `heat`, `nonfinite`, `models/live/describe/draws.py`.

No default device or dtype of the user's changes an answer.
"""

import pytest
import torch

from models.live.describe.draws import judge
from models.tensors.heat import heat_map
from models.tensors.nonfinite import next_nonfinite
from models.tensors.statistics import float_codes, tensor_stream
from models.tensors.statistics.statistics import statistics
from models.tensors.torch_readable import readable_of


@pytest.fixture(params=["device", "dtype"])
def default(request):
    """Set the default device to meta, where nothing has values, or the default dtype to float64."""
    tensor_stream.values_of_patterns.cache_clear()
    for each in vars(float_codes).values():
        if hasattr(each, "cache_clear"):
            each.cache_clear()
    if request.param == "device":
        torch.set_default_device("meta")
    else:
        torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_device(None)
    torch.set_default_dtype(torch.float32)
    tensor_stream.values_of_patterns.cache_clear()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.int64, torch.uint8, torch.bool])
@pytest.mark.parametrize("size", [7, 5000, 300_000])
def test_what_is_measured_is_the_same(size, dtype, default):
    generator = torch.Generator(device="cpu").manual_seed(1)
    values = torch.randint(0, 200, (size,), generator=generator, device="cpu").to(dtype)
    found = statistics(readable_of(values), path="a", bins=8)
    exact = values.to(torch.float64)
    assert found.reason == ""
    assert (found.minimum, found.maximum, found.zeros) == (exact.min(), exact.max(), (exact == 0).sum())
    assert found.mean == pytest.approx(float(exact.mean()), rel=1e-5)
    assert found.std == pytest.approx(float(exact.std(unbiased=True)), rel=1e-5)
    assert sum(found.counts) == size


def test_pictures_and_searches_too(default):
    values = torch.zeros(400, 300, dtype=torch.float32, device="cpu")
    values[7, 9] = torch.inf
    cells = heat_map(readable_of(values), path="a", height=4, width=3)
    assert cells.values == [torch.inf, *[0.0] * 11]
    assert next_nonfinite(readable_of(values), path="a", index=[0, 0], direction=1).index == [7, 9]


def test_a_fresh_draw_is_one(default):
    generator = torch.Generator(device="cpu").manual_seed(1)
    values = torch.rand(64, 64, generator=generator, device="cpu", dtype=torch.float32) - 0.5
    found = statistics(readable_of(values), path="a", bins=8)
    assert judge("uniform(-0.5, 0.5)", values, found).consistent is True
