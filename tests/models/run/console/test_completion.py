from __future__ import annotations

import sys

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from models.run.console.completion import LIMIT, complete
from tests.cases import examples


def block1() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 4), nn.ReLU())


class MLP(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(20, 256)
        self.out = nn.Linear(256, 10)
        self.rate = 0.5

    @property
    def dangerous(self) -> None:
        raise AssertionError("completion ran a property")

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return self.out(self.hidden(X))


class Trap:
    """Whoever asks this object anything has run code."""

    def __getattr__(self, name: str) -> None:
        raise AssertionError(f"completion asked for {name}")

    def __getitem__(self, key: object) -> None:
        raise AssertionError("completion took an item")

    def __dir__(self) -> None:  # type: ignore[override]
        raise AssertionError("completion ran __dir__")

    def __call__(self) -> None:
        raise AssertionError("completion made a call")

    def visible(self) -> None:
        pass


class OwnStateDict(nn.Linear):
    def state_dict(self, *args: object, **kwargs: object) -> dict[str, object]:  # type: ignore[override]
        raise AssertionError("completion ran a state_dict of its own")


@pytest.fixture(scope="module")
def names() -> dict[str, object]:
    block2 = nn.Sequential()
    for number in range(4):
        block2.add_module(f"block {number}", block1())
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    return {
        "torch": torch,
        "nn": nn,
        "F": F,
        "net": net,
        "rgnet": nn.Sequential(block2, nn.Linear(4, 1)),
        "mlp": MLP(),
        "MLP": MLP,
        "X": torch.rand(2, 4),
        "trap": Trap(),
        "own": OwnStateDict(1, 1),
        "held": {"one": 1, "two": net, 3: 4, "it's": 5},
    }


def texts(text: str, names: dict[str, object]) -> list[str]:
    return [item.text for item in complete(text, len(text), names).items]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ne", ["net", "next"]),
        ("Tru", ["True"]),
        ("mlp.hid", ["hidden"]),
        ("mlp.hidden.we", ["weight"]),
        ("net[0].we", ["weight"]),
        ("print(net[0].we", ["weight"]),
        ("not mlp.hid", ["hidden"]),
        ("x = [mlp.hid", ["hidden"]),
        ("rgnet[0][1][0].bi", ["bias"]),
        ("rgnet[-1].bi", ["bias"]),
        ("net[0].weight.data.flatten_", []),
        ("net[2].weight.requires_g", ["requires_grad", "requires_grad_"]),
        ("X[0].unsq", ["unsqueeze", "unsqueeze_"]),
        ("held['two'][0].bi", ["bias"]),
        ("net.state_dict()['2.", ["2.weight", "2.bias"]),
        ('net.state_dict()["', ["0.weight", "0.bias", "2.weight", "2.bias"]),
        ("net[2].state_dict()['", ["weight", "bias"]),
        ("rgnet.get_parameter('0.block 1.0.", ["0.block 1.0.weight", "0.block 1.0.bias"]),
        ('mlp.get_submodule("', ["hidden", "out"]),
        ("held['t", ["two"]),
        ("held['", ["one", "two"]),
        ("nn.Linear(in_", ["in_features="]),
        ("optim = torch.optim.SGD(net.parameters(), l", ["lr=", "len", "license", "list", "locals", "lambda"]),
        ("'a'.isal", ["isalnum", "isalpha"]),
        ("# net.", []),
        ("'net.", []),
        ("nothing.", []),
        ("1.", []),
    ],
)
def test_what_is_offered(text: str, found: list[str], names: dict[str, object]) -> None:
    assert texts(text, names) == found


def test_an_empty_prompt_offers_what_the_console_has(names: dict[str, object]) -> None:
    assert texts("", names) == [name for name in names if not name.startswith("_")][:50]
    assert texts("for x in y:\n    ", names) == []


def test_every_key_offered_opens_what_it_names(names: dict[str, object]) -> None:
    rgnet = names["rgnet"]
    assert isinstance(rgnet, nn.Sequential)
    assert texts("rgnet.state_dict()['", names) == list(rgnet.state_dict())
    for path in texts("rgnet.get_submodule('", names):
        rgnet.get_submodule(path)


def test_buffers_that_are_not_saved_are_no_keys_but_can_be_got(names: dict[str, object]) -> None:
    norm = nn.BatchNorm1d(2)
    norm.register_buffer("scratch", torch.zeros(1), persistent=False)
    assert texts("norm.state_dict()['", {"norm": norm}) == list(norm.state_dict())
    assert texts("norm.get_buffer('s", {"norm": norm}) == ["scratch"]


def test_the_start_is_where_the_completed_name_starts(names: dict[str, object]) -> None:
    assert complete("x = net[0].we + 1", 13, names).start == 11
    assert complete("net.state_dict()['2.b", 21, names).start == 18
    assert complete("y" * 30_000 + "; mlp.hid", 30_009, names).start == 30_006


def test_own_attributes_come_first_and_private_ones_last(names: dict[str, object]) -> None:
    found = complete("mlp.", 4, names).items
    assert [(item.text, item.kind) for item in found[:3]] == [
        ("hidden", "module"),
        ("out", "module"),
        ("rate", "instance"),
    ]
    assert [item.text for item in found[3:5]] == ["dangerous", "forward"]
    assert len(found) == LIMIT
    private = texts("mlp._", names)
    assert private.index("_apply") < private.index("__init__") if "__init__" in private else "_apply" in private


def test_kinds_are_reported(names: dict[str, object]) -> None:
    kinds = {item.text: item.kind for item in complete("net[0].", 7, names).items}
    assert kinds["weight"] == "parameter"
    assert kinds["in_features"] == "instance"
    assert complete("mlp.dang", 8, names).items[0].kind == "property"


@pytest.mark.parametrize(
    "text",
    [
        "trap.",
        "trap.x.",
        "trap[0].",
        "trap['",
        "trap().",
        "mlp.dangerous.",
        "own.state_dict()['",
        "trap.visible(",
        "tr",
    ],
)
def test_no_code_of_the_user_is_run(text: str, names: dict[str, object]) -> None:
    complete(text, len(text), names)
    assert texts("trap.vis", names) == ["visible"]


def test_completing_changes_nothing(names: dict[str, object]) -> None:
    before, state = dict(names), torch.get_rng_state()
    for text in ("net.", "torch.ra", "net.state_dict()['", "import tor"):
        complete(text, len(text), names)
    assert names == before
    assert torch.equal(torch.get_rng_state(), state)


def test_names_of_the_block_itself_are_offered(names: dict[str, object]) -> None:
    assert "learning_rate" in texts("def step(learning_rate):\n    lea", names)


def test_imports_and_results_of_calls_come_from_jedi(names: dict[str, object]) -> None:
    pytest.importorskip("jedi")
    assert "torch" in texts("import tor", names)
    assert texts("nn.Linear(2, 2).in_f", names) == ["in_features"]


def test_without_jedi_the_live_names_remain(names: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jedi", None)
    assert texts("mlp.hid", names) == ["hidden"]
    assert texts("import tor", names) == []


def test_keys_of_a_large_network_are_completed() -> None:
    large = nn.Sequential(*[nn.Linear(1, 1) for _ in range(10_000)])
    complete("large.", 6, {"large": large})
    found = complete("large.state_dict()['9999.", 25, {"large": large})
    assert [item.text for item in found.items] == ["9999.weight", "9999.bias"]


PIECES = [
    "net",
    "mlp",
    "[",
    "]",
    "(",
    ")",
    "'",
    '"',
    ".",
    " ",
    "\n",
    "0",
    "hidden",
    "import ",
    "#",
    ",",
    "\\",
    "trap",
    "é",
    "\x00",
]


@settings(max_examples=examples(150), deadline=None)
@given(
    pieces=st.lists(st.sampled_from(PIECES), max_size=12) | st.lists(st.characters(), max_size=12), cursor=st.integers()
)
def test_any_text_is_survived(pieces: list[str], cursor: int) -> None:
    text = "".join(pieces)
    found = complete(text, cursor, {"mlp": nn.ReLU(), "net": nn.Sequential(nn.ReLU()), "trap": Trap()})
    assert 0 <= found.start <= min(max(cursor, 0), len(text))
    assert len(found.items) <= LIMIT
