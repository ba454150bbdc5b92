"""Weights of a checkpoint for the open network: which, and what comes of it."""

from __future__ import annotations

from functools import partial

from tui.screens.requires_code import RequiresCode
from tui.screens.weights import FitState, WeightsLeft, WeightsScreen

ABOUT = "Names and shapes are compared first; nothing is loaded before you say so."
TYPED = "a file or folder of weights"


class LoadingWeights(RequiresCode):
    """What the explorer does to load weights that do not fit as they are."""

    _fit_state: FitState | None = None
    """The checkpoint that was looked at last, and what was chosen for it."""
    _fit_source = ""
    """What was open then."""

    def action_weights(self) -> None:
        """Show what of a checkpoint fits the open network, and which rules bring more together."""
        if self.summary is not None and self._has_code():
            self.when_over("W", self._show_or_ask)

    def _show_or_ask(self) -> None:
        assert self.summary is not None
        state = self._fit_state
        if state is None or self._fit_source != self.summary.source:
            self._ask_for_weights(self.options.weights or "")
        else:
            self._show_weights(state)

    def _ask_for_weights(self, typed: str) -> None:
        from tui.screens.source_prompt import SourcePrompt

        recent = self.recent.read() if self.options.engine is None and not self.options.attached else []
        named = "" if self.summary is None else self.summary.name
        prompt = SourcePrompt(self.link.ask, f"Weights for {named}", ABOUT, typed, recent, _may_be_weights, TYPED)
        self.app.push_screen(prompt, self._weights_named)

    def _weights_named(self, checkpoint: str | None) -> None:
        if checkpoint is not None and self.summary is not None:
            trust = self.options.trust and checkpoint == self.options.weights
            self._show_weights(FitState(checkpoint, trust))

    def _show_weights(self, state: FitState) -> None:
        assert self.summary is not None
        self._fit_state, self._fit_source = state, self.summary.source
        screen = WeightsScreen(self.link.ask, self.summary.source, state)
        self.app.push_screen(screen, partial(self._weights_left, state))

    def _weights_left(self, state: FitState, left: WeightsLeft | None) -> None:
        if left is None:
            return
        if left.another:
            self._ask_for_weights(state.checkpoint)
        elif left.path is not None:
            self.go_to(left.path)
        elif left.loaded is not None:
            self.log_to_console(f"weights: {left.loaded.text}")
            self.status_message(left.loaded.text)
            self.look_anew()
            self.observe("loaded", state.checkpoint)


def _may_be_weights(source: str) -> bool:
    """Return whether a source may be a checkpoint, or lead to one: no network within a Python file or a package."""
    return ".py" not in source and ":" not in source
