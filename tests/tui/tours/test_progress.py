"""How far a user is: a step is done by what is seen or happens in it, in any order."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.tours.progress import TourProgress
from tui.tours.tour import Tour, TourStep, Words


def tour(*steps: tuple[str, ...]) -> Tour:
    words = Words(en="x")
    return Tour(source="rgnet", title=words, steps=tuple(TourStep(do=words, done=done) for done in steps))


def test_events_of_a_step_count_in_any_order_and_others_do_not() -> None:
    progress = TourProgress(tour(("typed net[2].bias", "ran forward")))
    assert not progress.observe("ran", "backward")
    assert not progress.observe("ran", "forward")
    assert progress.observe("typed", " net [2].bias\n")
    assert progress.is_done
    assert not progress.observe("ran", "forward")  # it is done already


def test_a_statement_is_the_same_with_other_spaces_and_quotes() -> None:
    progress = TourProgress(tour(("typed net.state_dict()['2.bias']",)))
    assert not progress.observe("typed", "net.state_dict()['2.weight']")
    assert progress.observe("typed", 'net.state_dict()[ "2.bias" ]')


def test_what_is_seen_holds_from_before_the_step_but_not_when_it_was_left() -> None:
    progress = TourProgress(tour(("action heat",), ("selected 0.weight", "tab values")))
    progress.observe("selected", "0.weight")
    progress.observe("tab", "values")
    progress.observe("tab", "info")
    assert progress.observe("action", "heat")
    assert progress.move(1)
    assert not progress.is_done
    assert progress.observe("tab", "values")


def test_what_happened_before_the_step_does_not_count() -> None:
    progress = TourProgress(tour(("ran forward",), ("ran forward",)))
    assert progress.observe("ran", "forward")
    progress.move(1)
    assert not progress.is_done
    assert progress.observe("ran", "forward")


def test_an_action_is_known_without_parameters_and_place() -> None:
    progress = TourProgress(tour(("action nonfinite",)))
    assert progress.observe("action", "screen.nonfinite(-1)")


def test_a_step_without_conditions_is_done_and_one_goes_back_to_what_is_done() -> None:
    progress = TourProgress(tour((), ("ran forward",), ()))
    assert progress.is_done
    assert not progress.move(-1)
    assert progress.move(1)
    assert not progress.is_last
    progress.observe("ran", "forward")
    assert progress.move(-1)
    assert progress.move(1)
    assert progress.is_done
    assert progress.move(5)
    assert progress.is_last


def test_which_file_or_snapshot_it_was_may_be_left_open() -> None:
    progress = TourProgress(
        tour(
            ("kept", "saved net.pt", "loaded"),
        )
    )
    assert not progress.observe("kept", "first")
    assert not progress.observe("saved", "other.pt")
    assert not progress.observe("loaded", "any.pt")
    assert progress.observe("saved", "net.pt")


def test_with_nothing_is_a_state_of_comparing() -> None:
    progress = TourProgress(tour(("comparing first",), ("comparing",)))
    assert not progress.observe("comparing", "")
    assert progress.observe("comparing", "first")
    progress.move(1)
    assert not progress.is_done
    assert progress.observe("comparing", "")


KINDS = st.sampled_from(["selected", "tab", "ran", "typed", "action", "opened"])


@given(st.lists(st.one_of(st.tuples(KINDS, st.sampled_from(["forward", "values", "a", ""])), st.integers(-3, 3))))
def test_whatever_comes_the_step_is_one_of_the_tour_and_done_stays_done(events: list[tuple[str, str] | int]) -> None:
    progress = TourProgress(tour(("ran forward", "tab values"), (), ("selected a",)))
    finished: set[int] = set()
    for event in events:
        if isinstance(event, int):
            progress.move(event)
        else:
            progress.observe(*event)
        assert 0 <= progress.index < 3
        assert finished <= progress.finished
        finished = set(progress.finished)


def test_a_file_is_the_same_by_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    progress = TourProgress(tour(("opened net.pt",), ("loaded net.pt",), ("comparing net.pt",)))
    (tmp_path / "net.pt").touch()
    assert not progress.observe("opened", str(tmp_path / "other.pt"))
    assert progress.observe("opened", str(tmp_path / "net.pt"))
    progress.move(1)
    assert progress.observe("loaded", "./net.pt")
    progress.move(1)
    assert progress.observe("comparing", str(tmp_path / "net.pt"))


def test_a_step_is_away_from_its_network_while_another_is_open() -> None:
    progress = TourProgress(tour(("ran forward",), ("opened net.pt",), ("opened rgnet",), ("ran forward",)))
    assert progress.away_from == ""  # nothing is open yet
    progress.observe("opened", "mlp")
    assert progress.away_from == "rgnet"
    progress.observe("opened", "rgnet")
    assert progress.away_from == ""
    progress.move(1)
    assert progress.away_from == ""
    progress.observe("opened", "net.pt")
    assert progress.away_from == ""
    progress.move(1)
    assert progress.away_from == ""  # the step itself leads back
    progress.observe("opened", "mlp")
    assert progress.away_from == ""
    progress.move(1)
    assert progress.away_from == "rgnet"
