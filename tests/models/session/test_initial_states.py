"""Of `initial_states`: where values come from, in the tree and in Info, from what is known already."""

from __future__ import annotations

from models import messages as m
from models.engine.context import Context
from models.engine.handlers.tree import tree_rows
from models.messages import InitialState, TreeRow
from models.session.findings import read_findings
from models.session.session import Session
from models.session.statement import run_statement


class Nothing(Context):
    """A context that is not asked."""

    def __init__(self) -> None:
        self._cancelled = False

    def progress(self, text: str, done: float | None = None) -> None:
        pass


def opened(source: str = "rgnet") -> Session:
    session = Session()
    session.open(source, seed=1)
    session.model.fold_state.fold("", "all", 0)
    return session


def rows(session: Session) -> dict[str, TreeRow]:
    return {row.path: row for row in tree_rows(session, m.TreeRows(start=0, count=100, initial=True), Nothing()).rows}


def states(session: Session, *paths: str) -> list[str]:
    found = rows(session)
    return [(state := found[path].initial or InitialState()).state or state.below for path in paths]


def info(session: Session, path: str) -> dict[str, str]:
    groups = {group.title: {fact.label: fact.text for fact in group.facts} for group in session.describe(path)}
    return groups.get("Initialisation", {})


def test_the_tree_knows_nothing_before_values_were_read_and_all_of_them_afterwards() -> None:
    session = opened()
    assert states(session, "", "0.block 1.0", "0.block 1.0.weight") == ["", "", ""]
    read_findings(session)
    assert states(session, "0.block 1.0.weight", "0.block 1.0") == ["fresh", "2 fresh"]
    run_statement(session, "nn.init.zeros_(net[0][1][0].weight); nn.init.normal_(net[0][1][2].weight, 3);")
    assert states(session, "0.block 1.0.weight") == [""]  # of before, so not known any more
    read_findings(session)
    assert states(session, "0.block 1.0.weight", "0.block 1.2.weight") == ["zeros", "other"]
    assert states(session, "0.block 1", "0.block 2") == ["1 other, 1 zeros, 1 fresh", "3 fresh"]


def test_rows_that_are_not_asked_about_have_none() -> None:
    session = opened()
    read_findings(session)
    assert all(row.initial is None for row in tree_rows(session, m.TreeRows(start=0, count=100), Nothing()).rows)


def test_Info_says_it_with_the_p_value_and_is_silent_where_nothing_is_known() -> None:
    session = opened("parameter_access")
    assert info(session, "0.weight") == {}
    read_findings(session)
    assert info(session, "0.weight") == {"Values": "could be a fresh draw from the default of its layer, ±0.5"}
    session.model.statistics(m.Statistics(path="0.weight"), Nothing())
    initial = session.live.facts(session.live.node("0.weight").index).initial(
        session.live.statistics(m.Statistics(path="0.weight"), Nothing())
    )
    assert initial is not None
    assert info(session, "0.weight")["Values"].endswith(f"(p = {initial['p']:.2g})")
    run_statement(session, "nn.init.constant_(net[0].weight, 42);")
    read_findings(session)
    sentence = "constant: every element is 42; the default of its layer, ±0.5, gives others"
    assert info(session, "0.weight")["Values"] == sentence


def test_Info_says_how_much_larger_than_its_siblings_it_is() -> None:
    session = opened("sequential")
    text = "net = nn.Sequential(*(nn.Linear(32, 32) for _ in range(6))); net[4].weight.data.mul_(20);"
    run_statement(session, text)
    read_findings(session)
    found = info(session, "4.weight")
    assert found["Values"].startswith("no draw from the default of its layer, ±0.1768: a standard deviation of ")
    assert found["Siblings"].endswith(" times as large, on average, as the parameters like it")
    assert 18 < float(found["Siblings"].split()[0]) < 22
    assert "Siblings" not in info(session, "3.weight")


def test_a_sample_of_a_module_below_the_table_is_taken_from_the_table() -> None:
    session = opened("parameter_access")
    session.model.statistics_of_all(m.StatisticsOfAll(path=""), Nothing())
    assert states(session, "0.weight") == ["fresh"]
