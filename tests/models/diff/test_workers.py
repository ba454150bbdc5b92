"""Results come in order, from few pieces at a time."""

import threading

import pytest

from models.diff.workers import Workers


@pytest.mark.parametrize("count", [1, 2, 5])
def test_results_are_in_order_and_few_items_are_taken_ahead(count):
    taken = []

    def items():
        for number in range(100):
            taken.append(number)
            yield number

    with Workers(count) as workers:
        for number, square in enumerate(workers.ordered(lambda item: item * item, items())):
            assert square == number * number
            assert len(taken) <= number + 2 * count + 2
    assert number == 99


def test_several_threads_work_at_once():
    meeting = threading.Barrier(2, timeout=30)
    with Workers(2) as workers:
        assert sorted(workers.ordered(lambda item: meeting.wait(), range(4))) == [0, 0, 1, 1]


def test_an_error_comes_where_its_result_would():
    def work(item):
        if item == 3:
            raise KeyError(item)
        return item

    with Workers(2) as workers:
        results = workers.ordered(work, range(9))
        assert [next(results) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(KeyError):
            next(results)
    assert threading.active_count() == 1


def test_what_is_not_asked_for_is_not_done():
    done = []
    with Workers(2) as workers:
        for result in workers.ordered(lambda item: done.append(item) or item, range(1000)):
            if result == 5:
                break
    assert len(done) < 20
