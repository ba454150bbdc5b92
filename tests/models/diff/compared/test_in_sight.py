"""Which page is in sight, of those that a list asks for.  Of `in_sight`."""

import pytest

from models.diff.compared.in_sight import RowsInSight


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ([0], 0),
        ([0, 1], 0),
        ([4, 5, 3], 4),
        ([4, 5, 3, 4], 4),
        ([4, 5, 3, 4, 5], 4),
        ([0, 1, 0, 1], 0),
        ([4, 5, 3, 9], 9),
    ],
)
def test_it_is_the_page_whose_neighbours_are_asked_for_after_it(asked, wanted):
    rows = RowsInSight()
    assert rows.nodes() == ()
    for page in asked:
        rows.note(page, [page])
    assert rows.nodes() == [wanted]
