"""Of `models/findings/kinds/broken_tie.py`: ties that are declared and not there, as torch breaks them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from models.messages import Finding
from tests.models.findings.finding import without_run


class Declares(nn.Module):
    """As `transformers` has it: what may be tied is said by the class, whether it is by the configuration."""

    _tied_weights_keys = {"head.weight": "embed.weight", "head.absent": "embed.weight", "head": "embed"}

    def __init__(self, tied: bool = True, whole: bool = False) -> None:
        super().__init__()
        self.config = SimpleNamespace(tie_word_embeddings=tied)
        self.embed, self.head = nn.Embedding(6, 4), nn.Linear(4, 6, bias=False)
        if tied:
            self.head.weight = self.embed.weight
        if whole:
            self.all_tied_weights_keys = {"head.weight": "embed.weight"} if tied else {}

    def forward(self, ids: Tensor) -> Tensor:
        return self.head(self.embed(ids))  # type: ignore[no-any-return]


def broken(network: nn.Module) -> list[Finding]:
    return [each for each in without_run(network) if each.kind == "broken_tie"]


@pytest.mark.parametrize("whole", [False, True])
def test_a_tie_that_is_there_and_one_that_is_not_declared_are_sound(whole: bool) -> None:
    assert broken(Declares(whole=whole)) == []
    assert broken(Declares(tied=False, whole=whole)) == []
    assert broken(nn.ModuleDict({"a": Declares(whole=whole)})) == []
    assert broken(Declares(whole=whole).double()) == []


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("how", ["assign", "to_empty", "replaced"])
def test_a_tie_that_was_broken_is_a_warning_with_what_mends_it(how: str, whole: bool) -> None:
    net = Declares(whole=whole)
    if how == "assign":
        net.load_state_dict({name: tensor.clone() for name, tensor in net.state_dict().items()}, assign=True)
    elif how == "to_empty":
        net.to("meta").to_empty(device="cpu")
    else:
        net.head.weight = nn.Parameter(torch.zeros(6, 4))
    (found,) = broken(nn.ModuleDict({"a": net}))
    assert (found.severity, found.path) == ("warning", "a.head.weight")
    assert "declared as tied to a.embed.weight" in found.text
    assert "tie_weights()" in found.text


@pytest.mark.parametrize("declared", [None, ["head.weight"], {"head.weight": 3}, {4: "embed.weight"}, "head.weight"])
def test_what_is_declared_in_another_form_is_left_alone(declared: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Declares, "_tied_weights_keys", declared)
    net = Declares()
    net.head.weight = nn.Parameter(torch.zeros(6, 4))
    assert broken(net) == []
