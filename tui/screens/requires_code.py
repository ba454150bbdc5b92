"""What keys answer that need a network's code, while the tensors of a file are open: a remark instead of an error."""

from __future__ import annotations

from tui.screens.running import Running

REMARK = "only tensors are open: nothing can run"
REMEDY = (
    "a file holds tensors, not code. To run the network, open what builds it as FILE.py:NAME: "
    "a function that builds it, loads this file with load_state_dict and returns it"
)

READ_ONLY = "the network was read, not loaded: --trust runs it"
LOADED = (
    "to run the network in this file leave, and open it with --trust: torch.load then runs whatever the file says, "
    "with your rights"
)


class RequiresCode(Running):
    """What the explorer answers to keys that need a network's code, while tensors of a file are open.

    The console, which reads tensors of a file too, is none of its business.
    """

    _remedy_for = ""
    """The file of which the console shows what to do."""

    def _has_code(self) -> bool:
        """Whether a network is open; if not, say so, and once for each file what to do."""
        if self.summary is None or self.summary.kind != "checkpoint":
            return True
        whole = self.summary.unloaded
        self.status_message(READ_ONLY if whole else REMARK)
        if self._remedy_for != self.summary.source:
            self._remedy_for = self.summary.source
            self.log_to_console(LOADED if whole else REMEDY)
        return False

    def action_forward(self) -> None:
        """Run forward, where there is code."""
        if self._has_code():
            super().action_forward()

    def action_inputs(self) -> None:
        """Show the form for the inputs, where there is code."""
        if self._has_code():
            super().action_inputs()

    def action_backward(self) -> None:
        """Run backward, where there is code."""
        if self._has_code():
            super().action_backward()

    def action_zero_gradients(self) -> None:
        """Clear the gradients, where there is code."""
        if self._has_code():
            super().action_zero_gradients()

    def action_undo(self) -> None:
        """Take back the last change, where there is code."""
        if self._has_code():
            super().action_undo()

    def action_redo(self) -> None:
        """Do again what was taken back last, where there is code."""
        if self._has_code():
            super().action_redo()
