"""Of `attention`: features, the order of dimensions, masks."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.models.run.failures.explaining import Made, assert_mended, hint_of


def attending(**masks: Tensor) -> Any:
    return lambda self, query, key: self.att(query, key, key, **masks)[0]


def test_features() -> None:
    def make(embed_dim: int = 8) -> nn.Module:
        return Made(lambda self, x: self.att(x, x, x)[0], att=nn.MultiheadAttention(embed_dim, 2))

    said = "`att` expects 8 features, got 6 from the network's input: `embed_dim=6` fits"
    assert_mended(make, torch.rand(3, 2, 6), said=said, embed_dim=6)
    assert hint_of(make(), torch.rand(3, 2, 5)).endswith("which 2 heads cannot share equally")


def test_the_width_of_an_encoder() -> None:
    def make(d_model: int = 8) -> nn.Module:
        return nn.TransformerEncoder(nn.TransformerEncoderLayer(d_model, 2, 16), 2, enable_nested_tensor=False)

    said = "`layers.0.self_attn` expects 8 features, got 6 from the network's input: `d_model=6` fits"
    assert_mended(make, torch.rand(3, 2, 6), said=said, d_model=6)


def test_keys_of_another_width() -> None:
    hint = hint_of(Made(attending(), att=nn.MultiheadAttention(8, 2)), torch.rand(3, 2, 8), torch.rand(5, 2, 6))
    assert hint == (
        "the key of `att` has 6 features from the network's input, and 8 are expected: `kdim=6` and `vdim=6` fit"
    )
    nn.MultiheadAttention(8, 2, kdim=6, vdim=6)(torch.rand(3, 2, 8), torch.rand(5, 2, 6), torch.rand(5, 2, 6))


@pytest.mark.parametrize(
    ("key", "masks"),
    [
        (torch.rand(2, 5, 8), {}),
        (torch.rand(2, 3, 8), {"attn_mask": torch.zeros(3, 3)}),
        (torch.rand(2, 3, 8), {"key_padding_mask": torch.zeros(2, 3, dtype=torch.bool)}),
    ],
)
def test_the_batch_is_first(key: Tensor, masks: dict[str, Tensor]) -> None:
    hint = hint_of(Made(attending(**masks), att=nn.MultiheadAttention(8, 2)), torch.rand(2, 3, 8), key)
    assert hint.startswith("`att` reads [2, 3, 8] as [time, batch, features], ")
    assert hint.endswith(": `batch_first=True` fits, where dimension 0 is the batch")
    nn.MultiheadAttention(8, 2, batch_first=True)(torch.rand(2, 3, 8), key, key, **masks)


def test_a_mask_that_is_only_wrong() -> None:
    net = Made(attending(attn_mask=torch.zeros(7, 7)), att=nn.MultiheadAttention(8, 2))
    hint = hint_of(net, torch.rand(3, 2, 8), torch.rand(3, 2, 8))
    assert hint == "`att` reads [3, 2, 8] as [time, batch, features], for which a mask is [3, 3], got [7, 7]"


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        ([(2, 4, 5, 8), (2, 4, 7, 6), (2, 4, 7, 8)], "their features, 8 and 6, have to be the same"),
        ([(2, 4, 5, 8), (2, 3, 7, 8), (2, 3, 7, 8)], "their first dimensions do not go together"),
        ([(2, 4, 5, 8), (2, 4, 7, 8), (2, 4, 7, 8), (5, 5)], "and the scores are [2, 4, 5, 7]"),
    ],
)
def test_products_of_other_shapes(shapes: list[tuple[int, ...]], said: str) -> None:
    net = Made(lambda self, *args: torch.nn.functional.scaled_dot_product_attention(*args))
    hint = hint_of(net, *(torch.rand(shape) for shape in shapes))
    assert said in hint
    assert "`scaled_dot_product_attention` at test_attention.py:" in hint
