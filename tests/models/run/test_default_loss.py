"""Of `optimise`: the loss that is taken, or named, for an output; Python that runs it is the oracle."""

from __future__ import annotations

import re

import pytest
import torch

from models.run.optimise import LossError, default_loss


def test_the_loss_that_is_proposed_for_a_mapping_reads_what_it_holds() -> None:
    output = {"ids": torch.arange(3), "past": None, "logits": torch.tensor([1.0, 3.0])}
    with pytest.raises(LossError) as caught:
        default_loss(output)
    found = re.search(r"such as (.*)$", str(caught.value))
    assert found is not None
    assert eval(found[1], {"output": output}) == 2.0
