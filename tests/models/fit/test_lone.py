"""Of `lone`: one module alone says little where its neighbours meet nothing."""

from __future__ import annotations

import pytest

from models.fit.names import Shapes
from models.fit.proposal import Proposal, propose

HIDDEN = 96


def bert(prefix: str, *, pooled: bool, masked: bool) -> Shapes:
    """Return the names and shapes of a small BERT of transformers: with a pooler, or a head for masked words."""
    shapes: dict[str, tuple[int, ...]] = {}

    def linear(name: str, rows: int, columns: int) -> None:
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = (rows, columns), (rows,)

    def norm(name: str) -> None:
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = (HIDDEN,), (HIDDEN,)

    for name, size in (("word", 1000), ("position", 64), ("token_type", 2)):
        shapes[f"{prefix}embeddings.{name}_embeddings.weight"] = (size, HIDDEN)
    norm(f"{prefix}embeddings.LayerNorm")
    for layer in (f"{prefix}encoder.layer.{number}" for number in range(4)):
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            linear(f"{layer}.attention.{part}", HIDDEN, HIDDEN)
        linear(f"{layer}.intermediate.dense", 4 * HIDDEN, HIDDEN)
        linear(f"{layer}.output.dense", HIDDEN, 4 * HIDDEN)
        norm(f"{layer}.attention.output.LayerNorm")
        norm(f"{layer}.output.LayerNorm")
    if pooled:
        linear(f"{prefix}pooler.dense", HIDDEN, HIDDEN)
    if masked:
        shapes["cls.predictions.bias"] = (1000,)
        linear("cls.predictions.transform.dense", HIDDEN, HIDDEN)
        norm("cls.predictions.transform.LayerNorm")
        linear("cls.predictions.decoder", 1000, HIDDEN)
    return shapes


def certainties(proposal: Proposal, part: str) -> set[str]:
    return {link.certainty for link in proposal.links if any(part in name for name in (*link.file, *link.network))}


@pytest.mark.parametrize("in_order", [True, False])
@pytest.mark.parametrize("to_masked", [True, False])
def test_the_pooler_is_at_most_a_guess_for_a_layer_whose_norm_meets_nothing(to_masked: bool, in_order: bool) -> None:
    sides = bert("", pooled=True, masked=False), bert("bert.", pooled=False, masked=True)
    network, file = reversed(sides) if to_masked else sides
    proposal = propose(network, file if in_order else {name: file[name] for name in sorted(file)})
    assert certainties(proposal, "pooler") <= {"guess"}
    assert certainties(proposal, "encoder.layer") == {"certain"}


def test_one_of_two_that_are_renamed_together_stays_likely() -> None:
    network, file = bert("", pooled=False, masked=True), dict(bert("", pooled=False, masked=True))
    for end in ("dense.weight", "dense.bias", "LayerNorm.weight", "LayerNorm.bias"):
        file[f"lm_head.{end}"] = file.pop(f"cls.predictions.transform.{end}")
    proposal = propose(network, file)
    found = proposal.mapping(("certain", "likely"))
    assert found["lm_head.dense.weight"] == ["cls.predictions.transform.dense.weight"]
    assert found["lm_head.LayerNorm.bias"] == ["cls.predictions.transform.LayerNorm.bias"]


def test_a_module_whose_holder_has_others_that_are_linked_stays_likely() -> None:
    network = {f"body.{n}.w": (3, 3) for n in range(4)} | {"body.stem.conv.weight": (8, 3), "body.stem.conv.bias": (8,)}
    file = {f"net.{n}.w": (3, 3) for n in range(4)} | {"net.root.conv.weight": (8, 3), "net.root.conv.bias": (8,)}
    file |= {"net.fc.weight": (10, 8)}
    proposal = propose(network, file)
    assert certainties(proposal, "stem") <= {"certain", "likely"}
    assert proposal.mapping()["net.root.conv.weight"] == ["body.stem.conv.weight"]
