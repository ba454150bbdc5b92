"""`run` without its process: what a run sends becomes the report that the contract describes.

Of `run_work`, `run_report` and `run_text`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from models.commands.run_report import Report
from models.commands.run_text import text_of
from models.commands.run_work import Work
from models.commands.supervisor import WorkEnd
from models.session.session import Session

FIELDS = {"inputs", "output", "calls", "from", "gradients", "error", "nonfinite", "seconds", "complete"}
CALL = {"module", "op", "depth", "inputs", "output", "tensors", "where", "repeat", "seconds", "flops"}
EVERY_FIELD = [
    *("module", "op", "kind", "depth", "inputs", "output", "tensors", "where", "repeat", "seconds", "self_seconds"),
    *(
        "bytes",
        "kept",
        "peak",
        "flops",
        "elementwise",
        "statistics",
        "producers",
        "reads_input",
        "mode",
        "backward",
        "failed",
        "note",
    ),
    "index",
]


def opened(source: str = "mlp", *, seed: int = 0, inputs: list[str] | None = None) -> Session:
    session = Session()
    session.open(source, seed=seed, inputs=inputs)
    return session


def of(network: nn.Module, *args: Any, **kwargs: Any) -> Session:
    """A session with `network` in the place of the one that was opened."""
    session = opened()
    session.namespace["net"] = session.namespace[session.model.source.name] = network
    session.report_changes([], gradients=False)
    session.inputs.arguments = (args, kwargs)
    return session


def ran(session: Session, **options: Any) -> dict[str, Any]:
    report = Report()
    sent: list[tuple[str, list[Any]]] = []

    def send(name: str, *values: object) -> None:
        sent.append((name, json.loads(json.dumps(list(values)))))

    Work(session, send, **options).do()
    for name, values in sent:
        report.receive(name, values)
    report.end(WorkEnd("done"))
    return report.fields()


@pytest.mark.parametrize(
    ("name", "taken", "given"),
    [
        ("sequential", [2, 20], [2, 10]),
        ("mlp", [2, 20], [2, 10]),
        ("my_sequential", [2, 20], [2, 10]),
        ("fixed_hidden_mlp", [2, 20], []),
        ("parameter_access", [2, 4], [2, 1]),
        ("rgnet", [2, 4], [2, 1]),
        ("initialized", [2, 4], [2, 1]),
        ("shared", [2, 4], [2, 1]),
    ],
)
def test_documented_networks(name: str, taken: list[int], given: list[int]) -> None:
    report = ran(opened(name), backward=True)
    assert report.keys() >= FIELDS
    assert report["inputs"] == [{"shape": taken, "dtype": "float32"}]
    assert report["output"] == {"shape": given, "dtype": "float32"}
    assert report["complete"] is True
    assert report["error"] is report["nonfinite"] is report["stopped"] is None
    assert all(call.keys() >= CALL for call in report["calls"])
    assert list(report["calls"][0]) == EVERY_FIELD
    assert report["calls"][0]["module"] == ""
    assert report["calls"][0]["output"] == given
    assert {each["state"] for each in report["gradients"]} <= {"zero", "value"}
    assert report["seconds"] > 0


def test_calls_of_the_document() -> None:
    calls = ran(opened("fixed_hidden_mlp"))["calls"]
    read = next(call for call in calls if call["op"] == "mm")
    assert read["tensors"] == ["rand_weight"]
    assert read["inputs"] == [[2, 20], [20, 20]]
    assert read["where"].startswith("forward_code.py:")
    assert [call["module"] for call in calls if call["op"] == "Linear"] == ["linear", "linear"]
    assert sum(call["repeat"] for call in calls if call["op"] == "div_") > 1


def test_gradients_add_up_over_shared_names() -> None:
    session = opened("shared")
    report = ran(session, backward=True)
    rows = {row["path"]: row for row in report["gradients"]}
    assert rows["2.weight"]["norm"] == rows["4.weight"]["norm"]
    assert rows["2.weight"]["shared_with"] == ["4.weight"]
    for path, parameter in session.root.named_parameters():
        assert parameter.grad is not None
        assert rows[path]["norm"] == pytest.approx(parameter.grad.norm().item(), rel=1e-5)


def test_without_backward_gradients_do_not_apply() -> None:
    assert ran(opened())["gradients"] is None


def test_a_seed_makes_it_reproducible() -> None:
    once, again, other = (ran(opened("rgnet", seed=seed), backward=True)["gradients"] for seed in (3, 3, 4))
    assert once == again
    assert once != other


class Top(nn.Module):
    def forward(self, x: Tensor, *, mask: Tensor | None = None) -> dict[str, Any]:
        values, places = torch.topk(x, 2)
        return {"values": values, "rest": (places, None, 2.5, float("nan"))}


def test_several_values_are_nested_as_given() -> None:
    report = ran(of(Top(), torch.rand(3, 4), mask=torch.ones(3, dtype=torch.bool)))
    assert report["keyword_inputs"] == {"mask": {"shape": [3], "dtype": "bool"}}
    assert report["output"]["values"] == {"shape": [3, 2], "dtype": "float32"}
    assert report["output"]["rest"][:3] == [{"shape": [3, 2], "dtype": "int64"}, None, 2.5]
    topk = next(call for call in report["calls"] if call["op"] == "topk")
    assert topk["inputs"] == [[3, 4]]
    assert topk["output"] == [[3, 2], [3, 2]]
    root = report["calls"][0]
    assert root["inputs"] == [[3, 4], [3]]
    assert root["output"] == [[3, 2], [[3, 2], None, None, None]]


class Wrong(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(4, 3), nn.Linear(4, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x)  # type: ignore[no-any-return]


def test_an_error_is_reported_with_its_place() -> None:
    report = ran(of(Wrong(), torch.rand(2, 4)))
    with pytest.raises(RuntimeError) as raised:
        Wrong()(torch.rand(2, 4))
    error = report["error"]
    assert error["type"] == "RuntimeError"
    assert error["message"] == str(raised.value)
    assert error["module"] == "inner.1"
    assert error["op"] in ("linear", "Linear")
    assert error["inputs"][0] == [2, 3]
    assert error["where"].startswith("test_run_work.py:")
    assert error["hint"] == "`inner.1` expects 4 features, got 3 from `inner.0`: `in_features=3` fits"
    assert error["conflict"] is None
    assert f"  → {error['hint']}" in list(text_of(report))
    assert report["complete"] is False
    assert report["output"] is None
    assert [call["module"] for call in report["calls"]] == ["", "inner", "inner.0", "inner.1"]


class Raising(nn.Module):
    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def forward(self, x: Tensor) -> Tensor:
        x.relu()
        raise self.error


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (ValueError("first\nsecond: third"), "ValueError", "first\nsecond: third"),
        (SystemExit(3), "SystemExit", "3"),
        (KeyError("a"), "KeyError", "'a'"),
        (AssertionError(), "AssertionError", ""),
    ],
)
def test_type_and_whole_message(error: BaseException, kind: str, message: str) -> None:
    found = ran(of(Raising(error), torch.rand(2)))["error"]
    assert (found["type"], found["message"], found["module"]) == (kind, message, "")


def test_an_interrupt_keeps_the_calls() -> None:
    report = ran(of(Raising(KeyboardInterrupt()), torch.rand(2)))
    assert report["error"] is None
    assert report["stopped"] == "interrupted"
    assert report["complete"] is False
    assert [call["op"] for call in report["calls"]] == ["Raising", "relu"]
    assert any("stopped early" in line for line in text_of(report))


def test_backward_that_cannot_be_is_an_error_after_a_forward_that_was() -> None:
    report = ran(of(nn.ReLU(), torch.rand(2, 4)), backward=True)
    assert report["output"] == {"shape": [2, 4], "dtype": "float32"}
    assert "The network has no parameters" in report["error"]["message"]
    assert report["error"]["type"] == "RuntimeError"
    assert report["from"] is None
    assert report["complete"] is False


def scaled(factor: float) -> Callable[[Tensor], Tensor]:
    return lambda x: x * factor


class Through(nn.Module):
    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.frozen = nn.Parameter(torch.ones(1), requires_grad=False)
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self.layer(x))


def test_the_first_infinity_has_a_place() -> None:
    report = ran(of(Through(lambda x: x * 1e30 * 1e30), torch.rand(2, 4)), backward=True)
    first = report["nonfinite"]
    assert (first["phase"], first["module"], first["op"]) == ("forward", "", "mul")
    assert first["where"].startswith("test_run_work.py:")
    assert report["calls"][first["call"]]["op"] == "mul"


def test_a_nan_that_backward_makes_is_reported() -> None:
    report = ran(of(Through(lambda x: (x * 0).sqrt()), torch.rand(2, 4)), backward=True)
    first = report["nonfinite"]
    assert (first["phase"], first["what"], first["module"], first["op"]) == ("backward", "NaN", "", "sqrt")
    assert report["calls"][first["call"]]["backward"]["nonfinite"] == "infinity"
    lines = list(text_of(report))
    place = lines.index(f"first NaN of the gradients in (root): sqrt, at {first['where']}")
    assert lines[place + 1] == f"  {first['text']}"
    assert {row["path"]: row["state"] for row in report["gradients"]} == {
        "frozen": "none",
        "layer.weight": "value",
        "layer.bias": "value",
    }


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


def test_a_guess_is_said_to_be_one() -> None:
    session = of(nn.Linear(4, 2), torch.rand(2, 4))
    session.inputs.guessed_from = "0 (Linear)"
    assert "guess" in ran(session)["notes"][0]


def test_what_is_under_way_is_where_a_crash_happened() -> None:
    session, report = opened("rgnet"), Report()

    def send(name: str, *values: object) -> None:
        if "0.block 1.0" not in [call.module for call in report.trace.calls]:
            report.receive(name, json.loads(json.dumps(list(values))))

    Work(session, send).do()
    report.end(WorkEnd("crashed", -11))
    error = report.fields()["error"]
    assert error["type"] == "SIGSEGV"
    assert error["module"] == "0.block 1.0"
    assert error["inputs"] == [[2, 4]]


def test_text_is_safe_for_a_terminal() -> None:
    class Evil(nn.Sequential):
        pass

    Evil.__name__ = "Evil\x1b[2J"
    network = Evil()
    network.add_module("\u202e\n", nn.Linear(4, 4))
    network.add_module("last", Raising(ValueError("\x1b]0;x\x07\n\u2028")))
    text = "\n".join(text_of(ran(of(network, torch.rand(2, 4)))))
    assert "Evil␛[2J" in text
    assert "<202E>␊" in text
    assert not {"\x1b", "\x07", "\u202e", "\u2028"} & set(text)


@pytest.mark.parametrize("name", ["rgnet", "fixed_hidden_mlp", "shared"])
def test_text_fits_eighty_columns(name: str) -> None:
    lines = list(text_of(ran(opened(name), backward=True)))
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["module", "operation", "gradient", "output", "where"]
    lines = list(text_of(ran(opened(name))))
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["module", "operation", "inputs", "output", "where"]


def test_the_parts_of_a_gradient_are_told() -> None:
    report = ran(opened("fixed_hidden_mlp"), backward=True)
    row = next(each for each in report["gradients"] if each["path"] == "linear.weight")
    calls = [report["calls"][use["call"]] for use in row["uses"]]
    assert [(call["op"], call["module"]) for call in calls] == [("Linear", "linear")] * 2
    lines = list(text_of(report))
    place = next(index for index, line in enumerate(lines) if line.startswith("linear.weight"))
    assert lines[place].endswith("sum of 2 uses:")
    assert lines[place + 1].split() == [f"{row['uses'][0]['norm']:.6g}", "linear,", "at", calls[0]["where"]]


class Halves(nn.Module):
    """Replaces a parameter in each forward."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 2)
        self.fixed = nn.Parameter(torch.ones(2), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        self.fc.weight = nn.Parameter(self.fc.weight * 0.5)
        return self.fc(x) + self.fixed


def test_the_gradients_are_those_of_the_parameters_that_are_there_afterwards() -> None:
    session = of(Halves(), torch.ones(2, 3))
    report = ran(session, backward=True)
    rows = {row["path"]: row for row in report["gradients"]}
    assert rows["fc.weight"]["state"] == "value"
    assert rows["fc.weight"]["norm"] == pytest.approx(24**0.5)  # six elements, each 2
    assert rows["fc.weight"]["replaced"]
    assert rows["fc.weight"]["where"].startswith("test_run_work.py:")
    assert (rows["fixed"]["state"], rows["fixed"]["reason"]) == ("none", "frozen")
    assert (rows["fc.bias"]["replaced"], rows["fc.bias"]["where"]) == (False, None)
    text = "\n".join(text_of(report))
    assert f"replaced, {rows['fc.weight']['where']}" in text
    assert "replaces fc.weight" in text  # the note of the call


def test_from_what_backward_starts_is_reported() -> None:
    class WithLoss(nn.Linear):
        def forward(self, x: Tensor) -> Any:
            logits = super().forward(x)
            return {"logits": logits, "loss": logits.square().mean()}

    report = ran(of(WithLoss(3, 2), torch.rand(2, 3)), backward=True)
    assert (report["from"]["output"], report["from"]["shape"], report["from"]["summed"]) == ("['loss']", [], False)
    assert any(line.startswith("backward from ['loss']: [] float32") for line in text_of(report))
    assert ran(of(WithLoss(3, 2), torch.rand(2, 3)))["from"] is None


class Raw(nn.Module):
    """Uses a parameter that it does not register, and gets a gradient that is no number."""

    def __init__(self) -> None:
        super().__init__()
        self.raw = [nn.Parameter(torch.ones(3))]
        self.kept = nn.Parameter(torch.zeros(3))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.raw[0] + (self.kept**2).sqrt()


def test_what_is_not_registered_has_a_gradient_all_the_same() -> None:
    report = ran(of(Raw(), torch.ones(2, 3)), backward=True)
    rows = {row["path"]: row for row in report["gradients"]}
    assert (rows["raw[0]"]["state"], rows["raw[0]"]["registered"]) == ("value", False)
    assert rows["kept"]["registered"]
    lines = list(text_of(report))
    assert any(line.startswith("raw[0]") and line.endswith("not registered") for line in lines)
    assert any(line.startswith("first NaN of the gradients in (root): sqrt, at test_run_work.py") for line in lines)


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


def test_a_write_in_place_that_breaks_backward_names_both_calls() -> None:
    def forward(x: Tensor) -> Tensor:
        y = x.sigmoid()
        y += 1
        return y

    report = ran(of(Through(forward), torch.rand(2, 4)), backward=True)
    error = report["error"]
    calls = [report["calls"][error["conflict"][name]]["op"] for name in ("needed_by", "changed_by")]
    assert calls == ["sigmoid", "add_"]
    assert error["conflict"]["where"] == report["calls"][error["conflict"]["changed_by"]]["where"]
    assert error["hint"].endswith("write y = y + 1 instead of y += 1")
    assert any(line.endswith("instead of y += 1") for line in text_of(report))


def test_a_backward_through_a_very_large_graph_says_what_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.run.gradients.watch.NODE_LIMIT", 5)
    report = ran(opened("rgnet"), backward=True)
    assert report["error"] is None
    (note,) = [note for note in report["notes"] if "not known" in note]
    assert note.startswith("gradients at calls")
    monkeypatch.undo()
    assert not [note for note in ran(opened("rgnet"), backward=True)["notes"] if "not known" in note]
