"""What is said of a NaN or an infinity: masks of attention, a masked target, float16, a number that grew too large."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.models.findings.finding import findings, only, rows

MASK = torch.tensor([True, False, False])


class Net(nn.Module):
    """A linear layer, an attention, a parameter, and what a function makes of them."""

    def __init__(self, then: Callable[..., Tensor]) -> None:
        super().__init__()
        self.fc, self.attention = nn.Linear(4, 3), nn.MultiheadAttention(4, 2, batch_first=True)
        self.scale = nn.Parameter(-torch.ones(3))
        self._then = then

    def forward(self, x: Tensor) -> Tensor:
        return self._then(self, x)


PADDED = torch.tensor([[False] * 3, [True] * 3])
FIRST = torch.tensor([[False] * 3, [True, False, False]])


@pytest.mark.parametrize(
    ("masks", "said"),
    [
        ({"key_padding_mask": PADDED}, "where key_padding_mask leaves all queries of row 1 of the batch no key"),
        (
            {"attn_mask": torch.tensor([[False] * 3, [True] * 3, [False] * 3])},
            "where attn_mask leaves query [0, 1] no key",
        ),
        ({"key_padding_mask": FIRST, "attn_mask": torch.ones(3, 3).triu(1).bool()}, "leave query [1, 0] no key"),
    ],
)
def test_an_attention_whose_masks_leave_a_query_no_key(masks: dict[str, Tensor], said: str) -> None:
    found = only("nan", findings(Net(lambda net, x: net.attention(x, x, x, **masks)[0]), rows(2, 3, 4)))
    assert said in found.text
    assert "leave a key of each row unmasked" in found.text
    assert "masked_fill_" not in found.text, "which is torch's own"


@pytest.mark.parametrize(
    ("then", "kind", "said"),
    [
        (
            lambda net, x: F.cross_entropy(net.fc(x).masked_fill(MASK, -torch.inf), torch.tensor([0, 1])),
            "inf",
            "cross_entropy of target 0 at [0], for which it read -inf",
        ),
        (
            lambda net, x: -net.fc(x).masked_fill(MASK, -torch.inf).log_softmax(1)[:, 0].mean(),
            "inf",
            "masked_fill, as of a mask, and it reaches a loss",
        ),
        (lambda net, x: net.fc(x) * net.scale.sqrt(), "nan", "sqrt of -1 at [0] of scale"),
        (lambda net, x: net.fc(x) / (net.scale + 1), "inf", " and 0 at [0, 0]"),
        (lambda net, x: net.fc(x).sum() + torch.logdet(-torch.eye(3)), "nan", "determinant is not above 0"),
        (lambda net, x: (net.fc(x) + 300).half() * 300, "inf", "it is float16 there, which holds at most 65,504"),
    ],
)
def test_what_made_it_is_said(then: Callable[..., Tensor], kind: str, said: str) -> None:
    found = only(kind, findings(Net(then), rows(2, 4)))
    assert found.severity == "error"
    assert said in found.text


def test_a_number_that_grew_too_large_and_is_gone_is_a_note() -> None:
    net = Net(lambda net, x: net.fc(x) * 1e22 * torch.rsqrt((net.fc(x) * 1e22).pow(2).mean(-1, keepdim=True)))
    found = only("inf", findings(net, rows(2, 4)))
    assert found.severity == "note"
    assert found.text.startswith("infinity is made by pow of ")


@pytest.mark.parametrize(
    "then",
    [
        lambda net, x: net.fc(x).masked_fill(MASK, -torch.inf),
        lambda net, x: F.cross_entropy(net.fc(x).masked_fill(MASK, -torch.inf), torch.tensor([2, 1])),
        lambda net, x: torch.sigmoid(torch.exp(net.fc(x) + 1000)),
        lambda net, x: torch.where(x[:, :3] > 9, 1 / (x[:, :3] * 0), net.fc(x)),
        lambda net, x: net.attention(x[None], x[None], x[None], key_padding_mask=torch.tensor([[False, True]]))[0],
    ],
)
def test_infinities_that_are_meant_are_not_found(then: Callable[..., Tensor]) -> None:
    assert not {each.kind for each in findings(Net(then), rows(2, 4))} & {"nan", "inf"}
