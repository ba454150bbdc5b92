"""How many threads read a stream, the progress they report, and how they end when something fails."""

from __future__ import annotations

import threading

import pytest
import torch

from models.tensors.statistics import stream
from models.tensors.statistics.stream import Stream, Ticker, sweep, workers_for
from models.work.cancelled import Cancelled, never


class Adds:
    def __init__(self):
        self.total, self.finished, self.thread, self.starts = 0, 0, None, {}

    def take(self, piece, start):
        self.total += int(piece.sum())
        self.starts[start] = int(piece.view(-1)[0])
        self.thread = threading.current_thread()

    def finish(self):
        self.finished += 1


def numbers(size, step, fails=None):
    def block(start):
        if start == fails:
            raise OSError("gone")
        return torch.arange(start, min(start + step, size))

    def blocks():
        return ((start, lambda start=start: block(start)) for start in range(0, size, step))

    return Stream(size, blocks, (size,))


@pytest.fixture
def five_cores(monkeypatch):
    monkeypatch.setattr(stream, "usable_cores", lambda: 5)
    monkeypatch.setattr(stream, "WORTH_A_WORKER", 10)


@pytest.mark.parametrize("size", [0, 1, 1000])
def test_all_blocks_are_taken_once_by_all_cores_but_one(five_cores, size):
    workers = sweep(numbers(size, 7), Adds, Ticker(size, never, None))
    assert len(workers) == (4 if size == 1000 else 1)
    assert sum(each.total for each in workers) == sum(range(size))
    assert all(each.finished == 1 for each in workers)
    starts = {start: first for each in workers for start, first in each.starts.items()}
    assert starts == {start: start for start in range(0, size, 7)}


def test_a_position_in_the_stream_is_an_index_of_the_tensor():
    assert Stream(24, lambda: iter(()), (2, 3, 4)).index(13) == [1, 0, 1]
    turned = Stream(24, lambda: iter(()), (2, 3, 4), axes=(2, 0, 1))  # as it lies in memory: 4, 2, 3
    assert turned.index(13) == [0, 1, 2]
    assert Stream(1, lambda: iter(()), ()).index(0) == []


def test_one_core_is_left_and_small_ones_need_no_threads(monkeypatch):
    monkeypatch.setattr(stream, "usable_cores", lambda: 1)
    assert workers_for(numbers(10**9, 10**6)) == 1
    monkeypatch.setattr(stream, "usable_cores", lambda: 8)
    assert workers_for(numbers(10**9, 10**6)) == 7
    assert workers_for(numbers(2**20, 10**6)) == 1
    monkeypatch.setattr(stream, "usable_cores", lambda: 200)
    assert workers_for(numbers(10**9, 10**6)) == stream.WORKER_LIMIT


def test_what_reading_raises_ends_all_threads(five_cores):
    before = threading.active_count()
    with pytest.raises(OSError, match="gone"):
        sweep(numbers(1000, 7, fails=70), Adds, Ticker(1000, never, None))
    assert threading.active_count() == before


def test_giving_up_ends_all_threads(five_cores):
    asked = iter([False] * 20)
    before = threading.active_count()
    with pytest.raises(Cancelled):
        sweep(numbers(1000, 7), Adds, Ticker(1000, lambda: next(asked, True), None))
    assert threading.active_count() == before
    reported = []
    with pytest.raises(Cancelled):
        Ticker(10, lambda: True, reported.append)
    assert reported == []


def test_hundredths_are_reported_once_and_the_end_at_the_end():
    reported = []
    ticker = Ticker(100_000, never, reported.append)
    for _ in range(100_000):
        ticker.read(1)
    assert len(reported) <= 101
    assert reported == sorted(reported)
    assert max(reported) < 1
    ticker.end()
    assert reported[-1] == 1
