"""A style sheet that remembers which rules hold where: finding them takes a third of the first frame, and of many keys.

Whenever a class of something changes, Textual asks of all that lies in it, and of each class of parts that these
widgets draw, which of a thousand rules hold.  The answer hangs on nothing but the types, names, classes and
pseudo-classes of the widget and of what it lies in: where all these are the same, so are the rules.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode

ORDER = frozenset({"first-of-type", "last-of-type", "first-child", "last-child", "empty"})
MOST = 4096
"""So many answers are kept: names that are made anew each time shall not fill the memory."""

Rules = dict[str, Any]


@dataclass
class KnownRules:
    """What was found out with one set of rules."""

    rules_map: dict[str, list[RuleSet]]
    pseudo: dict[frozenset[str], frozenset[str]] = field(default_factory=dict)
    """The pseudo-classes that those rules speak of which end with one of some names."""
    rules: dict[Hashable, Rules | None] = field(default_factory=dict)
    """The rules for a widget of which selectors see this; None where there are none."""
    parts: dict[Hashable, dict[str, Rules]] = field(default_factory=dict)
    """The rules for each class of the parts that it draws."""

    def pseudo_of(self, names: Iterable[str]) -> frozenset[str]:
        """Return the pseudo-classes of all rules that end with one of `names`."""
        ends = frozenset(name for name in names if name in self.rules_map)
        found = self.pseudo.get(ends)
        if found is None:
            found = frozenset().union(*[rule.pseudo_classes for name in ends for rule in self.rules_map[name]])
            self.pseudo[ends] = found
        return found


def known_of(rules: list[RuleSet], rules_map: dict[str, list[RuleSet]]) -> KnownRules:
    """Return what is known of the nodes for which `rules` are: nothing yet."""
    return KnownRules(rules_map)


class QuickStylesheet(Stylesheet):
    """As Textual's; what it found out is kept for as long as its rules are the same."""

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._known = KnownRules({})
        self._known_of: object = None
        self._finding: list[Rules | None] = []
        """The rules of the node that Textual looks for, and of what it looks for meanwhile."""

    def apply(self, node: DOMNode, *, animate: bool = False, cache: dict[Any, Any] | None = None) -> None:
        """Give a node the styles that hold for it."""
        known = self._known_now()
        pseudo = known.pseudo_of(node._selector_names)
        key = seen_by_selectors(node, pseudo)
        if key not in known.rules:
            self._finding.append(None)
            try:
                super().apply(node, animate=animate)
            finally:
                rules = self._finding.pop()
            known.rules[key] = rules
            return
        node._has_hover_style = "hover" in pseudo
        node._has_focus_within = "focus-within" in pseudo
        node._has_order_style = not pseudo.isdisjoint(ORDER)
        node._has_odd_or_even = "odd" in pseudo or "even" in pseudo
        rules = known.rules[key]
        if rules is not None:
            self._replace(node, rules, animate)
        self._process_component_classes(node)

    def replace_rules(self, node: DOMNode, rules: Any, animate: bool = False) -> None:  # type: ignore[override]
        """Give a node the rules that Textual has found."""
        self._finding[-1] = rules
        self._replace(node, rules, animate)

    def _replace(self, node: DOMNode, rules: Any, animate: bool) -> None:
        if animate or node.styles.base._rules != rules:
            super().replace_rules(node, rules, animate=animate)
        else:
            node.notify_style_update()  # what it lies in may have another colour

    def _process_component_classes(self, node: DOMNode) -> None:
        classes = node._get_component_classes()
        if not classes:
            return
        known = self._known_now()
        key = classes, seen_by_selectors(node, known.pseudo_of({"*", "DOMNode", *(f".{name}" for name in classes)}))
        parts = known.parts.get(key)
        if parts is None:
            super()._process_component_classes(node)
            parts = {name: dict(styles.base._rules) for name, styles in node._component_styles.items()}
            known.parts[key] = parts
        elif vars(node).get("_modulescope_parts") is not parts:
            _give_parts(node, parts)
        vars(node)["_modulescope_parts"] = parts

    def _known_now(self) -> KnownRules:
        rules_map = self.rules_map
        if self._known_of is not rules_map or len(self._known.rules) > MOST:
            self._known, self._known_of = known_of(self.rules, rules_map), rules_map
        return self._known


def seen_by_selectors(node: DOMNode, pseudo_classes: frozenset[str]) -> Hashable:
    """Return all that a selector sees of a node and of what it lies in.

    Args:
        node: the node.
        pseudo_classes: those that selectors ask for.
    """
    return tuple(
        (
            type(each),
            each._id,
            frozenset(each._classes),
            tuple(name for name in pseudo_classes if (holds := each._PSEUDO_CLASSES.get(name)) and holds(each)),  # type: ignore[arg-type]
        )
        for each in node.css_path_nodes
    )


def _give_parts(node: DOMNode, parts: dict[str, Rules]) -> None:
    """Give a widget the styles of its parts, and have it drawn where they are others."""
    before = dict(node._component_styles)
    node._component_styles.clear()
    changed = False
    for name, rules in parts.items():
        part = DOMNode(classes=name)
        part._attach(node)
        part.styles.base._rules.update(rules)  # type: ignore[typeddict-item]
        changed = changed or before.get(name) != part.styles
        node._component_styles[name] = part.styles
    if changed:
        node.refresh()
