"""The command palette: every action of the table, found by its title, run where it lives."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from functools import cached_property, partial

from textual.app import App
from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.dom import DOMNode
from textual.widget import Widget

from tui.actions import ACTIONS, Action, keys_of


class ActionProvider(Provider):
    """The actions whose pane is on the screen, for the palette."""

    async def discover(self) -> Hits:
        """Yield all of them, in the palette's order."""
        for hit in self.hits(""):
            yield hit

    async def search(self, query: str) -> Hits:
        """Yield those whose title matches `query`."""
        for hit in self.hits(query):
            yield hit

    def hits(self, query: str) -> Iterator[DiscoveryHit | Hit]:
        """Yield those whose title matches `query`; all of them, in the palette's order, when it is empty."""
        matcher = self.matcher(query) if query else None
        for action, target in self._reachable:
            name = _name(action)
            command = self._command(action, target)
            if matcher is None:
                yield DiscoveryHit(_shown(Content(name), action), command, name)
            elif (score := matcher.match(name)) > 0:
                yield Hit(score, _shown(matcher.highlight(name), action), command, name)

    @cached_property
    def _reachable(self) -> list[tuple[Action, DOMNode]]:
        """Looked for once: the palette lies over the panes, and this would be felt at every letter."""
        found = []
        for action in ACTIONS:
            if action.id not in ("palette", "focus_next", "focus_previous") and (target := self._target(action)):
                found.append((action, target))
        return found

    def _target(self, action: Action) -> DOMNode | None:
        """Where the action lives: in the focused pane or around it, else in the first pane that has it."""
        if self.focused is not None:
            for node in self.focused.ancestors_with_self:
                if _has(node, action):
                    return node
        for node in (self.screen, self.app):
            if _has(node, action):
                return node
        for widget in self.screen.query(Widget):
            if widget.display and widget.region.area and _has(widget, action):
                return widget
        return None

    def _command(self, action: Action, target: DOMNode) -> Callable[[], Coroutine[object, object, None]]:
        return partial(_run, self.app, action, target)


async def _run(app: App[object], action: Action, target: DOMNode) -> None:
    if not target.is_attached:
        return  # its pane went away while the palette was open
    if isinstance(target, Widget) and target.focusable:
        target.focus()
    await app.run_action(action.id, default_namespace=target)


def _has(node: DOMNode, action: Action) -> bool:
    """Whether the class of `node` binds the action.  A method of its name alone says nothing: Textual has its own.

    Nor do its keys: what unfolds in the tree and in the calls has the same ones.
    """
    wanted = (action.keys, action.id, action.footer or action.title)
    return any(
        isinstance(binding, Binding) and (binding.key, binding.action, binding.description) == wanted
        for base in type(node).__mro__
        for binding in base.__dict__.get("BINDINGS", ())
    )


def _name(action: Action) -> str:
    return action.title if action.place in ("app", "explorer") else f"{action.group}: {action.title}"


def _shown(title: Content, action: Action) -> Content:
    return Content.assemble(title, "  ", (keys_of(action), "dim"))
