"""Pages of the table: what they hold besides rows."""

import pytest

from models.messages import Brief, TensorRow, TensorRows
from models.table.pages import TensorTables

BRIEF = Brief(minimum=0.0, maximum=1.0, mean=0.5, std=None, l2=None, zeros=0, nan=0, inf=0)


class Facts:
    """A tensor of a table, as far as the pages care."""

    def __init__(self, path, known):
        self.path, self.known = path, known
        self.kind, self.dtype, self.shape, self.elements, self.bytes = "parameter", "float32", (2,), 2, 8
        self.place = ""

    def brief(self):
        return BRIEF if self.known else None


def page(query, known):
    facts = [Facts("a", known > 0), Facts("b", known > 1), Facts("c", False)]
    tables = TensorTables(
        lambda path: facts,
        lambda chosen: (
            [
                TensorRow(
                    path=each.path, kind="parameter", shape="[2]", dtype="float32", device="", parameters=2, bytes=8
                )
                for each in chosen
            ],
            "",
        ),
    )
    return tables.page(TensorRows(path="", start=0, count=10, query=query), known, known)


@pytest.mark.parametrize("known", [0, 1, 2])
def test_where_the_query_needs_statistics_the_page_counts_the_known_ones(known):
    found = page("nan>0", known)
    assert (found.total, found.all, found.known) == (0, 3, known)


def test_no_other_query_counts_them():
    found = page("a", 2)
    assert (found.total, found.known) == (1, None)
