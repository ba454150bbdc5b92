"""Each sentence compared with what many freshly built layers really hold."""

import re

import pytest
import torch
from torch import nn

from models.live.describe.defaults import default_initialiser


def drawn(build, name, minimum=4000):
    """A rule, and the values of so many layers that their extremes come near the ends of the range."""
    layers, values = [], []
    while sum(value.numel() for value in values) < minimum:
        layers.append(build())
        values.append(layers[-1].get_parameter(name).detach().flatten())
    holder, _, last = name.rpartition(".")
    return default_initialiser(layers[0].get_submodule(holder), last), torch.cat(values).double()


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(7)
        yield


RECURRENT = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]
UNIFORM = [
    (lambda: nn.Linear(4, 8), ["weight", "bias"]),
    (lambda: nn.Linear(20, 256), ["weight", "bias"]),
    (lambda: nn.Conv1d(6, 4, 3, groups=2), ["weight", "bias"]),
    (lambda: nn.Conv2d(3, 8, (3, 5)), ["weight", "bias"]),
    (lambda: nn.Conv3d(2, 4, 2), ["weight", "bias"]),
    (lambda: nn.ConvTranspose2d(4, 6, 3, groups=2), ["weight", "bias"]),
    (lambda: nn.Bilinear(5, 7, 3), ["weight", "bias"]),
    (lambda: nn.RNN(3, 9), RECURRENT),
    (lambda: nn.GRU(3, 9), RECURRENT),
    (lambda: nn.LSTM(3, 9, proj_size=4), [*RECURRENT, "weight_hr_l0"]),
    (lambda: nn.LSTMCell(3, 9), ["weight_ih", "bias_hh"]),
    (lambda: nn.GRUCell(3, 9), ["weight_hh"]),
    (lambda: nn.MultiheadAttention(8, 2), ["in_proj_weight", "out_proj.weight"]),
    (lambda: nn.MultiheadAttention(8, 2, kdim=3, vdim=5), ["q_proj_weight", "k_proj_weight", "v_proj_weight"]),
]


@pytest.mark.parametrize(("build", "name"), [(build, name) for build, names in UNIFORM for name in names])
def test_uniform_ranges_are_reached_and_never_left(build, name):
    rule, values = drawn(build, name)
    low, high = map(float, re.match(r"uniform\((-?[\d.]+), ([\d.]+)\): ", rule).groups())
    assert low == -high
    assert values.abs().max() <= high * (1 + 1e-5)
    assert values.max() > 0.97 * high
    assert values.min() < 0.97 * low
    assert values.std().item() == pytest.approx(high / 3**0.5, rel=0.05)


@pytest.mark.parametrize(
    ("build", "name", "std"),
    [
        (lambda: nn.Embedding(50, 8), "weight", 1.0),
        (lambda: nn.EmbeddingBag(50, 8), "weight", 1.0),
        (lambda: nn.MultiheadAttention(8, 2, add_bias_kv=True), "bias_k", 8**-0.5),
        (lambda: nn.MultiheadAttention(8, 2, add_bias_kv=True), "bias_v", 8**-0.5),
    ],
)
def test_normal_draws_have_the_stated_spread(build, name, std):
    rule, values = drawn(build, name)
    assert float(re.match(r"normal\(0, ([\d.]+)\)", rule).group(1)) == pytest.approx(std, rel=1e-5)
    assert values.std().item() == pytest.approx(std, rel=0.08)
    assert values.abs().max() > 2.5 * std


@pytest.mark.parametrize(
    ("layer", "name", "start", "value"),
    [
        (nn.LayerNorm(4), "weight", "ones", 1),
        (nn.LayerNorm(4), "bias", "zeros", 0),
        (nn.RMSNorm(4), "weight", "ones", 1),
        (nn.GroupNorm(2, 4), "weight", "ones", 1),
        (nn.BatchNorm2d(4), "bias", "zeros", 0),
        (nn.InstanceNorm1d(4, affine=True), "weight", "ones", 1),
        (nn.PReLU(3), "weight", "constant 0.25", 0.25),
        (nn.PReLU(init=0.5), "weight", "constant 0.5", 0.5),
        (nn.MultiheadAttention(8, 2), "in_proj_bias", "zeros", 0),
        (nn.MultiheadAttention(8, 2).out_proj, "bias", "zeros", 0),
    ],
)
def test_constants(layer, name, start, value):
    assert default_initialiser(layer, name).startswith(start)
    assert torch.all(layer.get_parameter(name) == value)


def test_the_padding_row_of_an_embedding_is_stated():
    table = nn.Embedding(5, 3, padding_idx=2)
    assert "row 2" in default_initialiser(table, "weight")
    assert not table.weight[2].any()


def test_a_transformer_draws_its_matrices_anew():
    model = nn.Transformer(8, 2, 1, 1, 16, batch_first=True)
    layer = model.encoder.layers[0].linear1
    rule = default_initialiser(layer, "weight", within=[model.encoder, model])
    high = float(re.match(r"uniform\(-[\d.]+, ([\d.]+)\)", rule).group(1))
    assert high == pytest.approx((6 / 24) ** 0.5, rel=1e-5)
    assert layer.weight.abs().max() > 8**-0.5  # beyond what Linear(8, 16) alone would draw
    assert "in_features" in default_initialiser(layer, "bias", within=[model])


def test_the_documented_sentence():
    assert default_initialiser(nn.Linear(4, 8), "weight") == (
        "uniform(-0.5, 0.5): ±1/√in_features (Kaiming uniform with a=√5)"
    )


class Own(nn.Linear):
    """Starts its own way."""

    def reset_parameters(self):
        nn.init.ones_(self.weight)


class Kept(nn.Linear):
    """A subclass that starts as its parent does."""


@pytest.mark.parametrize(
    ("module", "name"),
    [(Own(2, 3), "weight"), (nn.LazyLinear(3), "weight"), (nn.Linear(2, 3, bias=False), "bias"), (nn.ReLU(), "weight")],
)
def test_nothing_is_stated_where_nothing_is_known(module, name):
    assert default_initialiser(module, name) is None


def test_a_computed_weight_is_left_alone():
    layer = nn.utils.parametrizations.spectral_norm(nn.Linear(16, 3))  # in training, reading `weight` moves its buffers
    before = layer.parametrizations.weight[0]._u.clone()
    assert default_initialiser(layer, "bias") == "uniform(-0.25, 0.25): ±1/√in_features"
    assert torch.equal(layer.parametrizations.weight[0]._u, before)


def test_subclasses_keep_their_parents_rule():
    assert default_initialiser(Kept(4, 2), "weight").startswith("uniform(-0.5, 0.5)")
    lazy = nn.LazyLinear(3)
    lazy(torch.zeros(1, 4))
    assert default_initialiser(lazy, "weight").startswith("uniform(-0.5, 0.5)")
