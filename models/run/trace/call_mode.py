"""The mode that a call ran in, in words: what was switched there, and what at the calls around it."""

from __future__ import annotations

from collections.abc import Sequence

from .calls import Call

TRAINING = ("train", "eval")


def mode_text(calls: Sequence[Call], index: int) -> str:
    """Return what holds in the call of a row: `train; no_grad since 3 Sequential b`.

    Of gradients and autocast only what somebody switched.
    """
    found: dict[str, str] = {}
    depth = calls[index].depth + 1
    for row in range(index, -1, -1):
        call = calls[row]
        if call.depth < depth:
            depth = call.depth
            for word in call.mode:
                found.setdefault(_kind(word), word + _since(call, row, index))
    return "; ".join(found[kind] for kind in ("training", "gradients", "autocast") if kind in found)


def training_modes(calls: Sequence[Call]) -> list[str]:
    """Return of each row `train` or `eval`, as of the innermost call around it that says so; empty for none."""
    found: list[str] = []
    around: list[tuple[int, str]] = []
    for call in calls:
        while around and around[-1][0] >= call.depth:
            around.pop()
        mode = next((word for word in call.mode if word in TRAINING), around[-1][1] if around else "")
        found.append(mode)
        around.append((call.depth, mode))
    return found


def _kind(word: str) -> str:
    return "training" if word in TRAINING else "autocast" if "autocast" in word else "gradients"


def _since(call: Call, row: int, index: int) -> str:
    if not call.depth:
        return ""
    return " from here on" if row == index else f" since {row:,} {call.op} {call.module}".rstrip()
