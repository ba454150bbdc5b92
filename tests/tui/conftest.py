"""What the tests of the interface share: they wait for work, not for time, and parse a style sheet once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from time import monotonic
from typing import Any

import pytest
import textual.app
import textual.pilot
from textual._wait import SLEEP_GRANULARITY
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

import tui.quick_styles
from tui.quick_styles import KnownRules


async def wait_until_idle(min_sleep: float = SLEEP_GRANULARITY, max_sleep: float = 1) -> None:
    """As Textual's own after each key and pause, which sleeps until 20 ms went by with little work.

    Here it need not sleep where the loop knows that nothing would be done meanwhile: no callback is ready, and no
    timer ends within those 20 ms.  (What other threads do is waited for with `until`.)
    """
    loop: Any = asyncio.get_running_loop()
    end = monotonic() + max_sleep
    while monotonic() < end:
        await asyncio.sleep(0)
        if loop._ready:
            continue
        soon = loop.time() + SLEEP_GRANULARITY
        due = [timer.when() for timer in loop._scheduled if not timer.cancelled() and timer.when() <= soon]
        if not due:
            return
        await asyncio.sleep(max(max(due) - loop.time(), 0))


class ParsedOnce:
    """The cache of a style sheet's parsed rules, kept for all apps whose style variables are the same."""

    def __init__(self) -> None:
        self._all: dict[frozenset[tuple[str, str]], Rules] = {}

    def __get__(self, sheet: Any, owner: Any) -> Any:
        variables, rules = sheet.__dict__.get("_parsed_once", (None, None))
        if variables is not sheet._variables:
            rules = self._all.setdefault(frozenset(sheet._variables.items()), Rules())
            sheet.__dict__["_parsed_once"] = sheet._variables, rules
        return rules

    def __set__(self, sheet: Any, value: Any) -> None:
        """A sheet's own cache is not used."""


class Rules(dict[Any, Any]):
    def clear(self) -> None:
        """They stay: other variables have other rules."""


class KnownOnce:
    """What is known of the nodes for which some rules are, kept for all apps that have these."""

    def __init__(self) -> None:
        self._all: dict[tuple[int, ...], KnownRules] = {}

    def __call__(self, rules: list[RuleSet], rules_map: dict[str, list[RuleSet]]) -> KnownRules:
        return self._all.setdefault(tuple(map(id, rules)), KnownRules(rules_map))


@pytest.fixture(scope="session", autouse=True)
def quickly() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(textual.app, "wait_for_idle", wait_until_idle)
        patch.setattr(textual.pilot, "wait_for_idle", wait_until_idle)
        patch.setattr(Stylesheet, "_parse_cache", ParsedOnce(), raising=False)
        patch.setattr(tui.quick_styles, "known_of", KnownOnce())
        yield
