"""Of `running`: from what a backward started, in brief."""

from __future__ import annotations

import pytest

from tui.screens.running import brief_start


@pytest.mark.parametrize(
    ("text", "brief"),
    [
        ("from ['loss']: [] float32, grad_fn NllLossBackward0; 2 parameters lead only to ['aux']", " (from ['loss'])"),
        ("from the sum of [2, 1] float32, grad_fn AddmmBackward0", " (from the sum of [2, 1] float32)"),
        ("from the sums of [0] + [1]; no loss in the result", " (from the sums of [0] + [1])"),
        ("", ""),
    ],
)
def test_the_status_says_in_brief_from_what_backward_started(text: str, brief: str) -> None:
    assert brief_start(text) == brief
