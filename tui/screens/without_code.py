"""What keys answer that need a network's code, while the tensors of a file are open: a remark instead of an error."""

from __future__ import annotations

from tui.screens.running import Running

REMARK = "only tensors are open: nothing can run"
REMEDY = (
    "a file holds tensors, not code. To run the network, open what builds it as FILE.py:NAME: "
    "a function that builds it, loads this file with load_state_dict and returns it"
)


class WithoutCode(Running):
    """Part of the explorer; the console, which reads tensors of a file too, is none of its business."""

    _remedy_for = ""
    """The file of which the console has told what to do."""

    def _has_code(self) -> bool:
        """Whether a network is open; if not, say so, and once for each file what to do."""
        if self.summary is None or self.summary.kind != "checkpoint":
            return True
        self.say(REMARK)
        if self._remedy_for != self.summary.source:
            self._remedy_for = self.summary.source
            self.console.note(REMEDY)
        return False

    def action_forward(self) -> None:
        if self._has_code():
            super().action_forward()

    def action_backward(self) -> None:
        if self._has_code():
            super().action_backward()

    def action_zero_gradients(self) -> None:
        if self._has_code():
            super().action_zero_gradients()

    def action_undo(self) -> None:
        if self._has_code():
            super().action_undo()
