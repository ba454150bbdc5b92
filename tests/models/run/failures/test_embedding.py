"""Of `embedding`: the index that is out of range, and what is no index."""

from __future__ import annotations

import torch
from torch import nn

from models.run.inputs.specs import parse_spec
from tests.models.run.failures.explaining import Made, Piped, assert_mended, hint_of


def test_the_index_and_where_it_is() -> None:
    def make(num_embeddings: int = 5) -> nn.Module:
        return Made(lambda self, ids: self.e(ids + 3), e=nn.Embedding(num_embeddings, 3))

    ids = torch.tensor([[0, 1, 4], [1, 0, 2]])
    said = "index 7 at [0, 2] is outside the 5 rows of `e`, 0 to 4; the indices come from `add` at test_embedding.py:"
    assert_mended(make, ids, said=said, num_embeddings=8)


def test_positions_beyond_the_table() -> None:
    def make(num_embeddings: int = 4) -> nn.Module:
        return Made(
            lambda self, x: x + self.pos(torch.arange(x.shape[1])), pos=nn.Embedding(num_embeddings, 3)
        )  # fmt: skip

    assert_mended(make, torch.rand(2, 6, 3), said="index 4 at [4] is outside the 4 rows of `pos`", num_embeddings=6)


def test_bags() -> None:
    def make(num_embeddings: int = 5) -> nn.Module:
        return Made(lambda self, ids: self.bag(ids * 2), bag=nn.EmbeddingBag(num_embeddings, 3))

    assert_mended(make, torch.tensor([[1, 4]]), said="index 8 at [0, 1] is outside", num_embeddings=9)


def test_the_networks_own_input_is_said_as_it_is_given() -> None:
    hint = hint_of(nn.Sequential(nn.Embedding(5, 3)), torch.tensor([[1, 9]]))
    assert hint.endswith(": an input below 5, `int64[1,2]<5`, fits, or `num_embeddings=10`")
    assert parse_spec("int64[1,2]<5").shape == (1, 2)
    hint = hint_of(nn.Sequential(nn.Embedding(5, 3)), torch.rand(2, 3))
    assert hint.endswith("got float32 from the network's input: an input such as `int64[2,3]<5` fits")


def test_what_is_no_index() -> None:
    layer = nn.Embedding(5, 3)
    net = Made(lambda self, x: self.e(x.floor()), e=layer)
    assert "whole numbers below 5, got float32 from `floor` at" in hint_of(net, torch.rand(2))
    assert hint_of(net, torch.rand(2)).endswith("`.long()` before it fits")
    layer(torch.rand(2).floor().long())
    assert not hint_of(net, torch.tensor([9.0])).endswith("fits"), "that would be out of range then"


def test_negative_indices_have_no_mend() -> None:
    hint = hint_of(Piped(nn.Embedding(5, 3)), torch.tensor([2, -1]))
    assert hint == "index -1 at [1] is outside the 5 rows of `layer`, 0 to 4; the indices come from the network's input"
