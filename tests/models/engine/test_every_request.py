"""Every request of the wall has a handler, and tests that ask all of them know it.

Of `models/engine/handlers/__init__.py` and `tests/models/engine/every_request.py`.
"""

from __future__ import annotations

from typing import get_args

from models import messages as m
from models.engine.handlers import registry
from models.engine.server import BESIDE
from tests.models.engine.every_request import every_request

ANSWERED_BY_THE_SERVER = {m.Hello, m.Interrupt}


def test_every_request_has_a_handler() -> None:
    requests = set(get_args(m.RequestBody)) - ANSWERED_BY_THE_SERVER
    assert [request.__name__ for request in requests if registry.find(request) is None] == []


def test_every_request_is_among_those_that_tests_ask() -> None:
    every_request(["0.weight"])  # fails where one is missing


def test_what_a_key_asks_for_does_not_wait_for_the_statistics_of_a_large_tensor() -> None:
    statistics = registry.find(m.Statistics)
    assert statistics is not None
    for other in (m.NextNonfinite, m.HeatMap, m.GradientRows, m.Window, m.StatisticsOfAll):
        entry = registry.find(other)
        assert entry is not None
        assert entry.lane != statistics.lane
    assert statistics.lane in BESIDE
