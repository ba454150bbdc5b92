"""What the engine without torch answers about a new file."""

from __future__ import annotations

from models.messages import PlanSave, Problem, Saved, SaveOptions, SavePlan, SaveTensors
from models.messages.errors import EngineProblem

THERE = "there.pt"
"""The name of a file that is there."""


class FakeSaving:
    """Answers about a new file."""

    def _on_PlanSave(self, body: PlanSave) -> SavePlan:
        out = self._name(body.options)
        form = "a torch file" if out.endswith(".pt") else "a safetensors file"
        notes = [f"{text!r} fits no tensor" for text in body.options.renames]
        return SavePlan(out=out, form=form, tensors=16, bytes=4096, notes=notes)

    def _on_SaveTensors(self, body: SaveTensors) -> Saved:
        out = self._name(body.options)
        return Saved(out=f"/home/{out}", text=f"{out} is written: 16 tensors", notes=["mask is left out [/]"])

    def _name(self, options: SaveOptions) -> str:
        if options.out == THERE:
            raise EngineProblem(Problem("usage", f"{THERE!r} is there already [/]", "Give another name."))
        return options.out or "net.safetensors"
