"""Of `objects`, `python_stubs`, `texts`: whole modules and objects of classes that are not known, torch as oracle."""

import argparse
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import io
import pathlib
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from torch import nn

from models.opened.source import OpenOptions
from models.sources.files import checkpoint_at, open_path
from models.sources.torch_file.objects import content_of, object_parts
from models.sources.torch_file.unpickler import UnknownName, UnknownObject
from models.stored.checkpoint import Checkpoint

Opened = Callable[[Any], Checkpoint]
HERE = __name__


class Mode(enum.Enum):
    FAST = 1


class Flags(enum.Flag):
    A = 1
    B = 2


@dataclasses.dataclass
class Settings:
    depth: int
    name: str = "x"


Point = collections.namedtuple("Point", "x y")


class Mine:
    def __init__(self) -> None:
        self.lr = 0.1
        self.w = torch.ones(2)


class Reduced:
    def __reduce__(self) -> tuple[Any, ...]:
        return Reduced, (torch.ones(3), "given"), {"more": torch.zeros(1)}


class Slots:
    __slots__ = ("w",)


class Words(dict[str, Any]):
    pass


def by_path(found: Checkpoint) -> dict[str, tuple[int, ...]]:
    return {each.path: each.shape for each in found.tensors}


def texts(found: Checkpoint) -> dict[str, tuple[str, str]]:
    return {each.path: (each.type, each.text) for each in found.items}


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (Mode.FAST, "Mode", f"{HERE}.Mode(1)"),
        (Flags.A | Flags.B, "Flags", f"{HERE}.Flags(3)"),
        (Settings(2), "Settings", f"{HERE}.Settings(depth=2, name='x')"),
        (Point(1, "a"), "Point", f"{HERE}.Point(1, 'a')"),
        (collections.deque([1, 2], maxlen=3), "deque", "[1, 2]"),
        (range(0, 10, 2), "range", "0, 10, 2"), (slice(None, 5), "slice", "None:5:None"),
        (uuid.UUID(int=1 << 100 | 7), "UUID", str(uuid.UUID(int=1 << 100 | 7))),
        (decimal.Decimal("1.50"), "Decimal", "1.50"), (fractions.Fraction(1, 3), "Fraction", "1/3"),
        (datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc), "datetime", "2026-01-02 03:04:05 UTC"),
        (datetime.timedelta(1, 5), "timedelta", "1 day, 0:00:05"),
        (pathlib.PurePosixPath("/a/b"), "Path", "/a/b"),
        (functools.partial(round, 1.5, ndigits=0), "partial", "functools.partial(round, 1.5, ndigits=0)"),
        (io.BytesIO(b"abc"), "BytesIO", "3 bytes: 61 62 63"),
        (numpy.float64(0.5), "float64", "0.5"),
        (nn.functional.relu, "reference", "torch.nn.functional.relu"),
        (nn.Linear, "reference", "torch.nn.modules.linear.Linear"),
        (Mine, "reference", f"{HERE}.Mine"), (type(None), "type", "type(None)"), (..., "reference", "Ellipsis"),
        (ValueError("no"), "ValueError", "ValueError('no')"),
        (torch.Size([2, 3]), "tuple", "(2, 3)"), (torch.bfloat16, "torch.dtype", "torch.bfloat16"),
        (torch.device("cuda", 1), "torch.device", "cuda:1"),
        ({1, 2}, "set", "{1, 2}"), (frozenset({1}), "set", "{1}"),
        (collections.UserDict(a=1), "UserDict", "collections.UserDict(data={'a': 1})"),
        ([Mode.FAST, Mode.FAST], "list", f"[{HERE}.Mode(1), {HERE}.Mode(1)]"),
    ],
)  # fmt: skip
def test_a_value_of_any_class_is_one_row_beside_the_tensors(opened: Opened, value: Any, kind: str, text: str) -> None:
    found = opened({"w": torch.ones(2), "value": value})
    assert by_path(found) == {"w": (2,)}
    assert texts(found) == {"value": (kind, text)}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_protocol(tmp_path: Path, protocol: int) -> None:
    value = {"w": torch.ones(2), "mode": Mode.FAST, "mine": Mine(), "made": Reduced(), "at": Point(1, torch.ones(4))}
    torch.save(value, tmp_path / "a.pt", pickle_protocol=protocol)
    found = checkpoint_at(tmp_path / "a.pt", OpenOptions())
    assert by_path(found) == {
        "w": (2,), "mine.w": (2,), "made.0": (3,), "made.more": (1,), "at.1": (4,),
    }  # fmt: skip
    assert texts(found)["mine.lr"] == ("float", "0.1")
    assert {path: name for path, name in found.classes.items() if path} == {
        "mine": "Mine", "made": "Reduced", "at": "Point",
    }  # fmt: skip


def test_tensors_in_what_is_not_known(opened: Opened) -> None:
    slots = Slots()
    slots.w = torch.ones(7)  # type: ignore[attr-defined]
    value = {
        "slots": slots, "words": Words(a=torch.ones(1), b=2), "deep": Settings(1, Point(Mine(), 2)),
        "call": functools.partial(torch.add, torch.ones(5)), "error": ValueError(torch.ones(6)), "set": {torch.ones(8)},
        "queue": collections.deque([torch.ones(9)]), "user": collections.UserDict(x=torch.ones(10)),
        Mode.FAST: torch.ones(11),
    }  # fmt: skip
    assert by_path(opened(value)) == {
        "slots.w": (7,), "words.a": (1,), "deep.name.0.w": (2,), "call.1": (5,), "error.0": (6,), "set.0": (8,),
        "queue.0": (9,), "user.data.x": (10,), "Mode(1)": (11,),
    }  # fmt: skip


def test_objects_of_their_own_class_that_know_each_other(opened: Opened) -> None:
    one, other = argparse.Namespace(w=torch.ones(1)), Mine()
    one.other, other.one = other, one  # type: ignore[attr-defined]
    found = opened({"mine": other, "plain": Settings(1, Settings(2))})
    assert by_path(found) == {"mine.w": (2,), "mine.one.w": (1,)}
    assert texts(found)["mine.one.other"] == ("Mine", "what it is itself in")
    itself = Settings(1)
    itself.name = itself  # type: ignore[assignment]
    assert texts(opened({"a": itself}))["a"][1].startswith(f"{HERE}.Settings(depth=1, name={HERE}.Settings(")


def test_a_generator_of_torch_is_state(opened: Opened) -> None:
    found = opened({"w": torch.ones(2), "g": torch.Generator().manual_seed(3)})
    assert texts(found)["g.seed"] == ("int", "3")
    assert {each.path: each.kind for each in found.tensors} == {"w": None, "g.state": "state"}


def test_nodes_of_omegaconf_are_what_they_hold() -> None:
    def node(name: str, **state: object) -> UnknownObject:
        made = UnknownObject(UnknownName("omegaconf.nodes", name))
        made.build(state)
        return made

    held = {"lr": node("AnyNode", _val=0.1, _parent=None)}
    assert content_of(node("DictConfig", _content=held, _parent=None)) is held
    assert content_of(held["lr"]) == 0.1
    around = node("AnyNode")
    around.state["_val"] = around
    assert content_of(around) is around  # which ends


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.act = nn.ReLU()
        self.fc = nn.Linear(4, 2, bias=False)
        self.register_buffer("mask", torch.ones(3), persistent=False)
        self.register_buffer("kept", torch.ones(1))
        self.register_parameter("none", None)
        self.size = 4
        self.settings = Settings(3)
        self.plain = torch.ones(6)
        self.lists = [torch.ones(7), self.fc]
        self.rnn = nn.LSTM(2, 3)


def values(found: Checkpoint, path: str) -> list[float]:
    stored = next(each for each in found.tensors if each.path == path)
    return torch.frombuffer(bytearray(stored.flat(0, stored.elements)), dtype=torch.float32).tolist()


def test_a_whole_module_is_its_tree(opened: Opened) -> None:
    net = nn.Sequential(Block(), nn.Identity())
    net[0].register_forward_hook(hook)
    net.eval()
    found = opened(net)
    kinds = {each.path: each.kind for each in found.tensors}
    expected = {name: "parameter" for name, _ in net.named_parameters()}
    expected |= {name: "buffer" for name, _ in net.named_buffers()}
    assert kinds == expected | {"0.plain": "constant", "0.lists.0": "constant"}
    for name, parameter in net.named_parameters():
        assert values(found, name) == parameter.flatten().tolist()
    assert found.classes == {name: type(module).__name__ for name, module in net.named_modules()}
    assert [path for path, _ in found.bare] == ["0.act", "1"]
    assert found.kind == "torch module, pickled whole"
    facts = dict(found.facts["0"])
    assert (facts["Mode"], facts["size"], facts["settings"]) == ("eval", "4", f"{HERE}.Settings(depth=3, name='x')")
    assert facts["Hooks after forward"] == f"[{HERE}.hook]"
    assert dict(found.facts["0.fc"]) == {"Mode": "eval", "in_features": "4", "out_features": "2"}
    notes = {each.path: dict(each.notes) for each in found.tensors}
    assert "not persistent" in notes["0.mask"]["buffer"]
    assert "buffer" not in notes["0.kept"]


class Packed(nn.Module):
    """Keeps its tensors in an attribute, as the quantised layers of torch do."""

    def __init__(self) -> None:
        super().__init__()
        self._packed_params = [torch.ones(2, 3), torch.ones(2)]


def test_tensors_in_an_attribute_alone_are_below_their_module_and_packed_ones_are_parameters(opened: Opened) -> None:
    found = opened(nn.Sequential(Packed(), nn.Identity()))
    assert {each.path: each.kind for each in found.tensors} == {
        "0._packed_params.0": None,
        "0._packed_params.1": None,
    }
    assert [path for path, _ in found.bare] == ["1"]


def hook(*_: object) -> None:
    pass


@pytest.mark.parametrize(
    "around", [nn.DataParallel, lambda net: {"epoch": 1, "model": net, "ema": net}, lambda net: [net]]
)
def test_a_module_in_other_things(opened: Opened, around: Callable[[nn.Module], Any]) -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh())
    found = opened(around(net))
    weights = [each.path for each in found.tensors if each.path.endswith("0.weight")]
    assert weights[0] in ("module.0.weight", "model.0.weight", "0.0.weight")
    assert found.classes[weights[0].removesuffix(".0.weight")] == "Sequential"
    assert {each.kind for each in found.tensors if each.path.startswith("ema.")} <= {"state"}


def test_the_optimizer_of_a_whole_module_names_its_parameters(opened: Opened) -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    found = opened({"net": net, "optimizer": optimizer.state_dict()})
    assert "optimizer.state.2.bias.exp_avg" in by_path(found)
    assert found.kind == "torch training checkpoint with its module under 'net'"


def test_what_torch_fx_traced(opened: Opened) -> None:
    traced = torch.fx.symbolic_trace(nn.Sequential(nn.Linear(2, 3), nn.ReLU()))
    found = opened(traced)
    assert by_path(found) == {"0.weight": (3, 2), "0.bias": (3,)}
    assert found.classes[""] == "GraphModule"


def test_a_module_is_read_without_its_class(tmp_path: Path) -> None:
    torch.save(Block(), tmp_path / "net.pt")
    data = (tmp_path / "net.pt").read_bytes().replace(HERE.encode(), b"q" * len(HERE))
    (tmp_path / "net.pt").write_bytes(data)
    before = set(sys.modules)
    source = open_path(str(tmp_path / "net.pt"), OpenOptions())
    assert set(sys.modules) == before
    assert source.checkpoint is not None
    assert source.checkpoint.classes[""] == "Block"
    assert "--trust" in source.note


def test_of_a_compiled_network_what_compiles_it_is_left_out() -> None:
    made = UnknownObject(UnknownName("torch._dynamo.eval_frame", "OptimizedModule"), ("the network", "a context"))
    assert list(object_parts(made)) == [("_orig_mod", "the network")]
    other = UnknownObject(UnknownName("own", "OptimizedModule"), ("one", "two"))
    assert list(object_parts(other)) == [(0, "one"), (1, "two")]
