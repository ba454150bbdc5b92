"""Fresh layers are held to be draws from their own rules, and changed ones are not."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from models.live.describe.defaults import default_initialiser
from models.live.describe.draws import judge, kolmogorov
from models.tensors.statistics.statistics import statistics
from models.tensors.torch_readable import readable_of


def judged(layer, name, tensor=None):
    tensor = layer.get_parameter(name).detach() if tensor is None else tensor
    return judge(default_initialiser(layer, name), tensor, statistics(readable_of(tensor), path=name))


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(11)
        yield


FRESH = [
    (lambda: nn.Linear(64, 300), "weight"),
    (lambda: nn.Linear(4, 8), "bias"),
    (lambda: nn.Linear(1, 1), "bias"),
    (lambda: nn.Conv2d(3, 16, 5), "weight"),
    (lambda: nn.Embedding(200, 30), "weight"),
    (lambda: nn.Embedding(200, 30, padding_idx=3), "weight"),
    (lambda: nn.Embedding(200, 30, padding_idx=-1), "weight"),
    (lambda: nn.LSTM(5, 40), "weight_hh_l0"),
    (lambda: nn.MultiheadAttention(16, 2, add_bias_kv=True), "bias_k"),
]


@pytest.mark.parametrize(("build", "name"), FRESH)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_fresh_parameters(build, name, dtype):
    layer = build()
    tensor = layer.get_parameter(name).detach().to(dtype)
    found = judged(layer, name, tensor)
    assert found.consistent
    assert 0.001 <= found.p <= 1


def test_many_values_of_a_coarse_type_are_no_proof_of_rounding():
    layer = nn.Linear(2000, 1500)
    assert judged(layer, "weight", layer.weight.detach().bfloat16()).consistent
    assert judged(layer, "weight").consistent


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t * 0,
        lambda t: t * 0.9,
        lambda t: t * 1.01,
        lambda t: t + 0.02,
        lambda t: torch.where(t.abs() < 0.01, 0, t),
        lambda t: torch.randn_like(t) * t.std(),
        lambda t: t.index_fill(0, torch.tensor([3]), float("nan")),
    ],
)
def test_changed_parameters(change):
    layer = nn.Linear(64, 300)
    found = judged(layer, "weight", change(layer.weight.detach()))
    assert not found.consistent
    assert found.p < 0.001


def test_a_row_that_was_not_cleared():
    layer = nn.Embedding(50, 8, padding_idx=3)
    assert not judged(layer, "weight", layer.weight.detach() + 1e-3).consistent


def test_constants_leave_nothing_to_chance():
    norm = nn.LayerNorm(7)
    assert (judged(norm, "weight").consistent, judged(norm, "weight").p) == (True, None)
    assert judged(norm, "bias").consistent
    assert not judged(norm, "weight", torch.full((7,), 1.01)).consistent
    assert not judged(norm, "bias", torch.tensor([0.0, 1e-9])).consistent
    assert judged(nn.PReLU(), "weight").consistent


def test_what_has_no_values_is_not_judged():
    with torch.device("meta"):
        layer = nn.Linear(3, 4)
    assert judged(layer, "weight") == judge(
        "weight drawn by hand", torch.ones(3), statistics(readable_of(torch.ones(3)), path="")
    )


def test_no_random_numbers_are_used():
    layer, state = nn.Linear(64, 64), None
    state = torch.get_rng_state()
    judged(layer, "weight")
    assert torch.equal(state, torch.get_rng_state())


def test_the_distribution_of_kolmogorov():
    # from the published table of its critical values
    for x, p in ((1.0727, 0.20), (1.2238, 0.10), (1.3581, 0.05), (1.6276, 0.01)):
        assert kolmogorov(x) == pytest.approx(p, abs=1e-4)
    assert kolmogorov(0) == 1
    assert kolmogorov(50) == 0


def test_fresh_layers_are_rarely_refused():
    chances = [judged(nn.Linear(10, 30), "weight").p for _ in range(200)]
    assert sum(p < 0.05 for p in chances) < 25
    assert 60 < sum(p < 0.5 for p in chances) < 140
