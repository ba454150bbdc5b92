"""Files of tours: what is one, and what is said of what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.tours.conditions import read_condition
from tui.tours.tour import LARGEST, TourError, own_tours, read_tour, tour_named

GOOD = """
source = "rgnet"
title.en = "A"
[[step]]
do.zh = "按 `f`"
done = ["ran forward"]
"""


def written(tmp_path: Path, text: str, name: str = "03-mine.toml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_text_is_shown_in_the_other_language_where_it_has_one_alone(tmp_path: Path) -> None:
    tour = read_tour(written(tmp_path, GOOD))
    assert (tour.name, tour.source, tour.section) == ("mine", "rgnet", "")
    assert tour.title.of("zh") == "A"
    assert tour.steps[0].do.of("en") == "按 `f`"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("source", "sauce", "unknown field `sauce`"),
        ('source = "rgnet"', "", "missing required field `source`"),
        ('title.en = "A"', "title = 3", "Expected `object`, got `int` - at `tour.title`"),
        ('title.en = "A"', 'title.en = ""', "a text needs `en` or `zh`"),
        ("ran forward", "ran sideways", "there is no ran 'sideways'; there are forward, backward"),
        ("ran forward", "tab nowhere", "there are values, gradients, info, source, console, calls"),
        ("ran forward", "action dance", "there is no action 'dance'"),
        ("ran forward", "typed", "does not say which"),
        ("ran forward", "waits 3", "it begins with one of selected, tab, opened, comparing, ran, typed, action, kept"),
        ("[[step]]", "[[steps]]", "unknown field `steps`"),
        ("[[step]]", "[step]", "Expected `array`"),
        ("source", "= source", "Invalid"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, before: str, after: str, said: str) -> None:
    assert before in GOOD
    path = written(tmp_path, GOOD.replace(before, after))
    with pytest.raises(TourError) as caught:
        read_tour(path)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_one_without_steps_bytes_that_are_no_text_and_a_huge_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TourError, match="needs a"):
        read_tour(written(tmp_path, 'step = []\nsource = "rgnet"\ntitle.en = "A"'))
    path = tmp_path / "x.toml"
    path.write_bytes(b"\xff\xfe\0")
    with pytest.raises(TourError):
        read_tour(path)
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(TourError, match="too large"):
        read_tour(path)
    with pytest.raises(TourError, match="No such file"):
        read_tour(tmp_path / "none.toml")


def test_own_tours_are_found_by_name_and_files_by_path(tmp_path: Path) -> None:
    assert tour_named("sharing").source == "shared"
    assert tour_named(str(written(tmp_path, GOOD))).name == "mine"
    with pytest.raises(TourError, match=r"'sharin' is no tour: there are layers, .*sharing"):
        tour_named("sharin")


def test_the_page_for_teachers_shows_a_tour_and_conditions_that_are_such(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "tours.md").read_text(encoding="utf-8")
    tour = read_tour(written(tmp_path, page.partition("```toml")[2].partition("```")[0]))
    assert tour.steps[0].answer is not None
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    conditions = [text for row in rows for text in row.split("`")[1::2]]
    assert len(conditions) == 13
    for text in conditions:
        read_condition(text)


def test_every_text_of_our_own_is_there_in_both_languages() -> None:
    tours = own_tours()
    assert [tour.section for tour in tours] == [
        "1", "1.1", "1.2", "1.3", "2.1", "2.1.3", "2.2.1", "2.2.2", "2.3", "2.1.3", "", "",
    ]  # fmt: skip
    for tour in tours:
        words = [tour.title]
        for step in tour.steps:
            words += [each for each in (step.do, step.look, step.answer) if each is not None]
            assert step.done or step is tour.steps[-1], (tour.name, step.do.en)
        for each in words:
            assert each.en, each
            assert each.zh, each
            assert each.en.translate(dict.fromkeys(map(ord, "√×±↓–"))).isascii(), each.en
            assert any("\u4e00" <= letter <= "\u9fff" for letter in each.zh), each.zh
            assert sorted(each.en.split("`")[1::2]) == sorted(each.zh.split("`")[1::2]), each
