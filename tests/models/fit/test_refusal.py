"""Of `refusal`, and of what `combined` does not take for parts of one: nothing is proposed by chance."""

from __future__ import annotations

import pytest

from models.fit.proposal import propose
from models.fit.refusal import why_refused
from tests.models.fit.fit_cases import cases


@pytest.mark.parametrize(
    ("network", "file"),
    [("mixtral", "glm5_next"), ("phimoe", "swin"), ("rt_detr", "gemma3"), ("yolos", "minimax"), ("sapiens2", "mellum")],
)
def test_two_networks_of_different_kinds_get_no_rule(network, file):
    proposal = propose(cases("real")[network].network, cases("real")[file].file)
    assert proposal.rules == []
    assert all(link.file == link.network for link in proposal.links)


def test_what_names_say_is_not_refused():
    shapes = {f"l.{n}.w": (2, 2) for n in range(4)}
    assert why_refused(shapes, shapes, {"l.0.w": "l.0.w", "l.1.w": "l.1.w"}, propose(shapes, shapes).links) == ""


def test_the_output_projection_is_not_made_of_gate_and_up():
    network = {"layers.0.attn.o_proj.weight": (8, 8), "layers.0.attn.q_proj.weight": (8, 8)}
    file = {f"layers.0.experts.{e}.{x}_proj.weight": (4, 8) for e in range(4) for x in ("gate", "up")}
    assert propose(network, file).links == []
