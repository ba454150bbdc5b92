"""Of `run_work`, `run_text`: a run without values, which leaves everything as it was and says what a run costs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.commands.run_text import text_of
from tests.models.commands.reports import Wrong, of, opened, ran


class Counting(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout())
        self.register_buffer("seen", torch.zeros(4))
        self.last: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        self.last = self.net(x)
        self.seen += x.sum(0)
        return self.last


def test_dry_leaves_everything_as_it_was() -> None:
    network = Counting()
    session = of(network, torch.rand(3, 4))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    drawn = torch.get_rng_state()
    report = ran(session, dry=True, specs=["4000000000x4"])
    assert report["dry"] is True
    assert report["inputs"] == [{"shape": [4_000_000_000, 4], "dtype": "float32"}]
    assert report["output"] == {"shape": [4_000_000_000, 4], "dtype": "float32"}
    assert report["complete"] is True
    assert next(call["op"] for call in report["calls"] if call["module"] == "net.1") == "BatchNorm1d"
    assert report["calls"][2]["tensors"] == ["net.0.weight", "net.0.bias"]
    after = network.state_dict()
    assert all(type(tensor) in (Tensor, nn.Parameter) and tensor.equal(before[name]) for name, tensor in after.items())
    assert network.last is None
    assert torch.equal(torch.get_rng_state(), drawn)


def test_dry_knows_the_weights_of_recurrent_layers() -> None:
    network = nn.LSTM(4, 3)
    kept = list(network._flat_weights)
    report = ran(of(network, torch.rand(5, 2, 4)), dry=True)
    assert report["dry"] is True
    assert report["output"][0] == {"shape": [5, 2, 3], "dtype": "float32"}
    ran_as = next(call for call in report["calls"] if call["op"] == "lstm")
    assert ran_as["tensors"] == ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]
    assert all(mine is theirs for mine, theirs in zip(network._flat_weights, kept, strict=True))


def test_dry_that_needs_values_says_why_and_runs() -> None:
    report = ran(opened("fixed_hidden_mlp"), dry=True)
    assert report["dry"] is False
    assert report["complete"] is True
    assert report["output"] == {"shape": [], "dtype": "float32"}
    assert [call["op"] for call in report["calls"][:2]] == ["FixedHiddenMLP", "Linear"]
    (note,) = report["notes"]
    assert "depends on values at forward_code.py:" in note
    assert "real run" in note


def test_dry_reports_the_models_own_errors() -> None:
    report = ran(of(Wrong(), torch.rand(2, 4)), dry=True)
    assert report["dry"] is True
    assert report["error"]["module"] == "inner.1"


def test_dry_with_lazy_parameters_is_a_real_run() -> None:
    report = ran(of(nn.LazyLinear(3), torch.rand(2, 4)), dry=True)
    assert report["output"] == {"shape": [2, 3], "dtype": "float32"}
    assert "lazy" in report["notes"][0]


def test_a_dry_run_says_what_it_costs() -> None:
    report = ran(opened("mlp"), dry=True)
    flops = 2 * 2 * (20 * 256 + 256 * 10)
    weights = 20 * 256 + 256 + 256 * 10 + 10
    # relu's input and result are alive at once, 2 x 256 floats each; the linear layers keep their inputs
    assert report["costs"] == {
        "parameters": weights,
        "weight_bytes": 4 * weights,
        "flops": flops,
        "elementwise": 512,
        "kept": 4 * (2 * 20 + 2 * 256),
        "peak": 4 * (2 * 256 * 2),
    }
    assert all(call["seconds"] is None for call in report["calls"])
    text = "\n".join(text_of(report))
    assert "31.0 KB, 7,946 parameters" in text
    assert "30.7 K FLOPs of products, 512 operations on single elements" in text
    assert "at most 4.0 KB of activations at once, 2.2 KB kept for backward" in text
