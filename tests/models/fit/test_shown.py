"""Of `shown`: what names and shapes cannot say, with the rotary embeddings of both kinds as oracle."""

from __future__ import annotations

import re

import pytest
import torch
from torch import Tensor

from models.fit.code import code_for
from models.fit.misfits import misfits
from models.fit.proposal import propose
from models.fit.shown import PERMUTED, SQUARE
from models.fit.sides import Side

HEADS, SIZE, LENGTH = 4, 8, 5


def neighbours(x: Tensor) -> Tensor:
    """Rotate pairs of neighbours, as Meta's Llama does."""
    pairs = torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2).contiguous())
    return torch.view_as_real(pairs * torch.polar(torch.ones(LENGTH, SIZE // 2), angles())).flatten(2)


def halves(x: Tensor) -> Tensor:
    """Rotate both halves of a head, as transformers does."""
    angle = torch.cat([angles(), angles()], dim=1)
    turned = torch.cat([-x[..., SIZE // 2 :], x[..., : SIZE // 2]], dim=-1)
    return x * angle.cos() + turned * angle.sin()


def angles() -> Tensor:
    return torch.outer(torch.arange(LENGTH).float(), 1 / 100 ** (torch.arange(SIZE // 2) / 4))


def scores(q: Tensor, k: Tensor, x: Tensor, rotate: object) -> Tensor:
    one, other = ((x @ w.T).view(LENGTH, HEADS, SIZE).transpose(0, 1) for w in (q, k))
    return rotate(one) @ rotate(other).mT  # type: ignore[operator, no-any-return]


def named(*modules: str) -> dict[str, tuple[int, ...]]:
    return {f"layers.{at}.{module}.weight": (HEADS * SIZE, 16) for at in range(4) for module in modules}


META, HUGGING = ("attention.wq", "attention.wk"), ("self_attn.q_proj", "self_attn.k_proj")


@pytest.mark.parametrize(
    ("file", "network", "before", "after"), [(HUGGING, META, halves, neighbours), (META, HUGGING, neighbours, halves)]
)
def test_the_order_that_the_note_gives_makes_both_attend_alike(file, network, before, after) -> None:
    notes = propose(named(*network), named(*file)).notes
    assert notes[0] == PERMUTED
    statements = [re.findall(r"`w = (.*?)`", note)[0] for note in notes[1:]]
    assert len(set(statements)) == 1
    torch.manual_seed(0)
    q, k, x = torch.randn(HEADS * SIZE, 16), torch.randn(HEADS * SIZE, 16), torch.randn(LENGTH, 16)
    moved = [eval(statements[0], {"w": w, "heads": HEADS}) for w in (q, k)]
    wanted = scores(q, k, x, before)
    assert not torch.allclose(scores(q, k, x, after), wanted, atol=1e-4)
    torch.testing.assert_close(scores(*moved, x, after), wanted)


def test_other_names_get_no_order_and_the_python_has_the_notes_too() -> None:
    network, file = named(*META), named("attn.query", "attn.key")
    assert propose(network, file).notes == [PERMUTED]
    proposal = propose(network, named(*HUGGING))
    sides = Side(dict(network)), Side(named(*HUGGING))
    code = code_for(proposal, sides[0], misfits(proposal, *sides, ("certain", "likely")), "x.safetensors")
    comments = " ".join(line.removeprefix("# ") for line in code.splitlines() if line.startswith("# "))
    assert all(note in comments for note in proposal.notes)
    assert max(map(len, code.splitlines())) < 120


def test_what_is_put_together_below_is_not_said_to_be_left_out() -> None:
    file = {f"l.{at}.{part}_proj.weight": (8, 8) for at in range(3) for part in "qkv"} | {"rest": (3,)}
    network = {f"l.{at}.qkv.weight": (24, 8) for at in range(3)}
    proposal, sides = propose(network, file), (Side(dict(network)), Side(dict(file)))
    code = code_for(proposal, sides[0], misfits(proposal, *sides, ("certain", "likely", "guess")), "x.safetensors")
    (below,) = (line for line in code.splitlines() if line.startswith("# put together"))
    (left,) = (line for line in code.splitlines() if line.startswith("# not for this network"))
    assert "q_proj" in below
    assert left.endswith(": rest")


def test_an_average_beside_the_network_says_how_it_is_had() -> None:
    network = {f"{at}.weight": (4, 4) for at in range(4)}
    file = Side(shapes=dict(network), state=["state_dict_ema.module.0.weight", "optimizer.state.0.exp_avg"])
    found = misfits(propose(network, file.shapes), Side(dict(network)), file, ("certain",))
    average, state = (each.reason for each in found.unexpected)
    assert average.endswith("save --match 'state_dict_ema.*' makes a file of it alone")
    assert state == "state of training, not of a network"


def test_of_square_matrices_beside_swapped_ones_it_says_that_nothing_shows_it() -> None:
    network = {f"l.{at}.{part}.weight": (9, 9) for at in range(3) for part in ("q_proj", "gate")}
    plain = {"embed.weight": (5, 9)} | network | {f"l.{at}.up.weight": (9, 4) for at in range(3)}
    assert propose(plain, plain).notes == []
    file = {name: shape[::-1] if ".up." in name else shape for name, shape in plain.items()}
    proposal = propose(plain, file)
    (note,) = proposal.notes
    assert note == SQUARE.format("l.{n}.q_proj.weight, l.{n}.gate.weight")
    sides = Side(dict(plain)), Side(dict(file))
    code = code_for(proposal, sides[0], misfits(proposal, *sides, ("certain",)), "x.safetensors")
    assert note in " ".join(line.removeprefix("# ") for line in code.splitlines() if line.startswith("# "))


def test_square_matrices_that_are_called_as_swapped_ones_are_swapped_without_a_note() -> None:
    shapes = {"attn": (9, 9), "mlp": (9, 4)}
    network = {f"l.{at}.{part}.c_proj.weight": shape for at in range(3) for part, shape in shapes.items()}
    proposal = propose(network, {name: shape[::-1] for name, shape in network.items()})
    assert proposal.notes == []
    assert all(link.transposed for link in proposal.links)
