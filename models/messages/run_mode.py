"""In which mode a forward is to run: what `--eval`, `--no-grad` and the like say, and the form of inputs."""

from __future__ import annotations

from typing import Literal

from .base import BodyPart


class RunMode(BodyPart, frozen=True):
    """What is switched for the time of a forward; empty leaves it as it is."""

    training: Literal["", "train", "eval"] = ""
    """What `train()` or `eval()` of the network sets; every flag is as it was afterwards."""
    gradients: Literal["", "no_grad", "inference_mode"] = ""
    autocast: Literal["", "bfloat16", "float16"] = ""
    """The dtype of autocast, on the network's device."""
    input_dtype: Literal["", "float32", "float64", "bfloat16", "float16"] = ""
    """The dtype that floating-point inputs are converted to."""

    warm_up: Literal["", "once"] = ""
    """Whether the network runs once before, so that the times are of a second run: from the same state, which is put
    back in between."""

    @property
    def words(self) -> list[str]:
        """Return what is switched, as torch's users call it: `eval`, `no_grad`, `autocast bfloat16`, …"""
        found: list[str] = [self.training, self.gradients, f"autocast {self.autocast}" if self.autocast else ""]
        return [*filter(None, found), *([f"inputs {self.input_dtype}"] if self.input_dtype else [])]
