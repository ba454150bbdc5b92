"""`gradients_add_up`, `loaded_nothing`, `trained_in_eval`: what code that trains did, of the console or a factory."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages.findings import Finding
from ..evidence import Evidence


def find(evidence: Evidence) -> Iterator[Finding]:
    """Yield what the last steps and the last `load_state_dict` did wrong without an error."""
    notes = evidence.training
    if notes is None:
        return
    if notes.adds_up:
        yield Finding(
            kind="gradients_add_up",
            severity="warning",
            text="optimizer.step() with the gradients of earlier steps still added in: nothing zeroed them since the "
            "step before; `optimizer.zero_grad()` before each backward",
            where=_place(notes.adds_up),
        )
    if notes.loaded_nothing is not None:
        module, why, where = notes.loaded_nothing
        node = next((node for node, each in evidence.modules() if each is module()), None)
        if node is not None:
            yield Finding(
                kind="loaded_nothing",
                severity="warning",
                text=f"load_state_dict(strict=False) loaded nothing, as no key fits: {why}",
                path=node.path,
                where=_place(where),
            )
    if notes.in_eval:
        yield Finding(
            kind="trained_in_eval",
            severity="note",
            text="an optimizer stepped while the network was in eval mode: dropout drops nothing, and BatchNorm keeps "
            "its statistics; `net.train()` before training",
            where=_place(notes.in_eval),
        )


def _place(where: str) -> str | None:
    return where if ":" in where else None
