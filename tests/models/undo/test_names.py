"""Of `names`, `held`: what names of the console are bound to again, and what is not kept alive for it."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
import torch
from torch import nn

from models.live.live_tree import LiveTree
from models.undo.changes import NothingToUndo, Watch
from models.undo.held import OBJECT_LIMIT, Held, bytes_of
from models.undo.record import RestoreError


class Console:
    """A network, the console's names, and what undoes what is run in them."""

    def __init__(self, limit: int = 2**20) -> None:
        self.net = nn.Linear(3, 2)
        self.names: dict[str, Any] = {"net": self.net, "torch": torch}
        self.watch = Watch(LiveTree.of(self.net), limit)

    def run(self, text: str) -> None:
        self.watch.begin(text)
        self.watch.record_random(self.names)
        self.watch.record_names(self.names)
        exec(text, self.names)
        self.watch.end()


def test_names_that_were_bound_rebound_and_deleted() -> None:
    console = Console()
    console.run("a, b = 1, [1]")
    kept = console.names["b"]
    console.run("a = 2; del b; c = 3")
    assert console.watch.last.described() == "the names a, b, c"
    assert console.watch.last.is_beside
    assert console.watch.last.effects() == ""  # nothing of the network
    assert console.watch.undo().text == "took back `a = 2; del b; c = 3`: the names a, b, c"
    assert console.names["a"] == 1
    assert console.names["b"] is kept
    assert "c" not in console.names
    console.watch.redo()
    assert (console.names["a"], console.names["c"], "b" in console.names) == (2, 3, False)


def test_a_name_alone_leaves_what_can_be_done_again() -> None:
    console = Console()
    console.run("net.weight.data.zero_()")
    console.watch.undo()
    console.run("before = net(torch.ones(1, 3)).tolist()")
    console.watch.redo()
    assert not console.net.weight.any()
    assert "before" in console.names
    console.watch.undo()
    assert console.net.weight.any()
    console.watch.undo()
    assert "before" not in console.names
    console.run("net.bias.data.zero_()")
    with pytest.raises(NothingToUndo):
        console.watch.redo()


def test_items_and_values_of_what_is_bound() -> None:
    console = Console()
    console.run("rows, table, seen, x = [1], {'a': 1}, {1}, torch.zeros(2)")
    console.run("rows.append(2); table['b'] = rows; seen.add(2); x[0] = 5")
    assert console.watch.last.described() == "the names rows, table, seen, x"
    console.watch.undo()
    assert (console.names["rows"], console.names["table"], console.names["seen"]) == ([1], {"a": 1}, {1})
    assert console.names["x"].tolist() == [0, 0]
    console.watch.redo()
    assert console.names["rows"] == [1, 2]
    assert console.names["table"]["b"] is console.names["rows"]
    assert console.names["x"].tolist() == [5, 0]


def test_a_result_is_not_kept_with_its_graph() -> None:
    console = Console()
    console.run("y = net(torch.ones(1, 3))")
    console.run("also = y")
    tensor = weakref.ref(console.names["y"])
    values = console.names["y"].tolist()
    console.run("y = None")
    console.watch.undo()
    assert console.names["y"] is console.names["also"]  # something held it
    console.watch.redo()
    console.run("del also")
    gc.collect()
    assert tensor() is None
    console.watch.undo()
    assert console.watch.undo().text.endswith("the name y (but not y: its values are back, its graph is not)")
    assert console.names["y"].tolist() == values
    assert console.names["y"].grad_fn is None


def test_what_is_too_large_is_freed_at_once() -> None:
    console = Console(limit=1000)
    console.run("x = torch.ones(300)")
    tensor = weakref.ref(console.names["x"])
    freed: list[bool] = []
    console.names |= {"tensor": tensor, "freed": freed}
    console.run("x = None; freed.append(tensor() is None)")
    assert freed == [True]
    text = console.watch.undo().text
    assert "(but not x: it takes more than the 0 MB that are kept)" in text
    assert console.names["x"] is None


def test_undo_in_a_loop_takes_back_what_was_before_it() -> None:
    console = Console()
    console.run("a = 1")
    console.run("a = 2")

    def undo() -> None:
        console.watch.end(midway=True)
        console.watch.undo()

    console.names["undo"] = undo
    console.run("for i in range(2): undo()")
    assert "a" not in console.names
    assert console.watch.last.described() == "the name i"
    console.watch.undo()
    assert "i" not in console.names


def test_another_network_is_said_once() -> None:
    console = Console()
    console.run("import copy; before = net")
    console.watch.begin("net = copy.deepcopy(net)")
    console.watch.record_names(console.names)
    console.names["net"] = nn.Linear(1, 1)
    console.watch.end(LiveTree.of(console.names["net"]))
    assert console.watch.last.described() == "the network that `net` is"
    assert not console.watch.last.names


def test_what_a_value_takes() -> None:
    shared = torch.zeros(100)
    assert isinstance(taken := bytes_of({"a": shared, "b": [shared]}, 10_000), int)
    assert 400 < taken < 1200
    assert bytes_of(nn.Linear(100, 100), 30_000) == "it takes more than the 0 MB that are kept"
    net = nn.Linear(100, 100)
    assert bytes_of(net, 30_000, {id(net)}) == 0
    assert "too many objects" in str(bytes_of([[] for _ in range(OBJECT_LIMIT)], 10**9))
    closure = (lambda tensor: lambda: tensor)(torch.zeros(10_000))
    assert "more than" in str(bytes_of(closure, 30_000))
    assert isinstance(bytes_of(test_what_a_value_takes, 30_000), int)  # not the module that it lies in
    assert "computation" in str(bytes_of([[net(torch.ones(1, 100))]], 10**9))


def test_results_in_a_container_come_back_as_values() -> None:
    net = nn.Linear(3, 2)
    y = net(torch.ones(1, 3))
    held = Held([1, y], 10**6)
    assert held.taken()[0] == [1, y]
    assert held.taken()[1] == "it is a copy of what was there"
    values = y.tolist()
    del y
    items, lacks = held.taken()
    assert items[1].tolist() == values  # type: ignore[index]
    assert lacks == "its values are back, its graph is not"
    deep = Held([[net(torch.ones(1, 3))]], 10**6)
    with pytest.raises(RestoreError, match="not kept with its graph"):
        deep.taken()


@pytest.mark.parametrize(
    ("made", "changed"),
    [
        ("held = {a: 1}", "held.clear(); held[b] = 2"),
        ("held = {a: 1}", "held[b] = held.pop(a)"),
        ("held = {a: 1, 'x': 2}", "held[a] = held.pop(a)"),
        ("held = {Raising()}", "held.clear(); held.add(Raising())"),
    ],
)
def test_items_are_never_compared_by_what_they_say_is_equal(made: str, changed: str) -> None:
    class Raising:
        def __hash__(self) -> int:
            return 1

        def __eq__(self, other: object) -> bool:
            raise ValueError("never equal")

    console = Console()
    console.names |= {"Raising": Raising, "a": torch.rand(3), "b": torch.rand(3)}
    console.run(made)
    before = list(map(id, console.names["held"]))
    console.run(changed)
    assert console.watch.last.described() == "the name held"
    console.watch.undo()
    assert list(map(id, console.names["held"])) == before


def test_a_dict_whose_keys_cannot_be_compared_is_no_error_of_the_undo() -> None:
    class Raising:
        def __hash__(self) -> int:
            return 1

        def __eq__(self, other: object) -> bool:
            raise ValueError("never equal")

    console = Console()
    console.names["Raising"] = Raising
    console.run("held = {Raising(): 1}")
    console.run("held.clear(); held[Raising()] = 1")
    with pytest.raises(NothingToUndo, match="held: its keys do not compare"):
        console.watch.undo()


def test_what_python_notes_of_a_warning_is_no_name_of_the_user() -> None:
    console = Console()
    with pytest.warns(UserWarning, match="said once"):
        console.run("import warnings; warnings.warn('said once')")
    assert "__warningregistry__" in console.names
    assert console.watch.last.described() == "the name warnings"
