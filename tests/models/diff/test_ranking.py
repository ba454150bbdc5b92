"""Which differences come first.  Of `ranking`."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.diff.difference import STATUSES, Difference, ElementComparison, Status, TensorSide
from models.diff.ranking import largest, worst_first


def changed(
    path: str, relative: float | None, most: float, nonfinite: int = 0, status: Status = "changed", state: bool = False
) -> Difference:
    numbers = ElementComparison(
        values="changed", max_abs=most, relative_l2=relative, cosine=None, differing=1, nonfinite=nonfinite
    )
    side = TensorSide(path, (1,), "float32", state)
    return Difference(path, status, side, side, numbers)


def test_by_relative_size_then_by_the_largest_difference_and_nan_before_all():
    found = [
        changed("small", 0.1, 50.0),
        changed("state", 9.0, 9.0, state=True),
        changed("from zero", None, 0.1),
        changed("large", 0.5, 1.0),
        changed("as large", 0.5, 2.0),
        changed("nan", 0.0, 0.0, nonfinite=1),
        changed("close", 0.7, 0.7, status="close"),
    ]
    names = ["nan", "from zero", "as large", "large", "small", "close", "state"]
    assert [each.path for each in worst_first(found)] == names
    for count in range(1, 9):
        listed, left_off = largest(found, count)
        assert [each.path for each in listed] == names[:count]
        assert left_off == max(7 - count, 0)


@given(
    st.lists(st.tuples(st.sampled_from(STATUSES), st.sampled_from([0.0, 0.5, None]), st.booleans()), max_size=30),
    st.integers(1, 9),
)
def test_what_is_no_change_of_numbers_is_always_listed_behind_and_nothing_twice(rows, count):
    found = [
        changed(str(at), relative, 1.0, status=status, state=state) for at, (status, relative, state) in enumerate(rows)
    ]
    result = largest(found, count)
    numbers = [each for each in found if each.status in ("changed", "close")]
    others = [each for each in found if each.status not in ("changed", "close", "equal")]
    changes = min(count, len(numbers))
    assert {each.path for each in result.listed[changes:]} == {each.path for each in others}
    assert {each.path for each in result.listed[:changes]} <= {each.path for each in numbers}
    assert len(result.listed) == changes + len(others)
    assert result.left_off == len(numbers) - changes
    assert [each.path for each in worst_first(numbers)][:count] == [each.path for each in result.listed[:changes]]
