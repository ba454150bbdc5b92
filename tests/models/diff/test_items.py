"""What differs beside tensors: items and metadata."""

from models.diff.items import differing_items
from models.opened.source import Source
from models.stored.checkpoint import Checkpoint, Item
from models.tree.globs import Glob, Rename


def source(items, metadata=None):
    found = [Item(path, type_, text) for path, (type_, text) in items.items()]
    return Source(source="x", kind="checkpoint", name="x", checkpoint=Checkpoint([], found, metadata or {}))


def shown(a, b, rules=(), match=None):
    return [(each.place, each.path, each.status, each.a, each.b) for each in differing_items(a, b, rules, match)]


def test_what_differs_and_what_one_alone_has():
    a = source({"epoch": ("int", "3"), "lr": ("float", "0.1"), "old": ("str", ""), "same": ("int", "1")})
    b = source({"same": ("int", "1"), "lr": ("float", "0.1"), "epoch": ("int", "4"), "new": ("list", "[1]")})
    assert shown(a, b) == [
        ("item", "epoch", "changed", "3", "4"),
        ("item", "old", "only_a", "", None),
        ("item", "new", "only_b", None, "[1]"),
    ]
    assert shown(a, a) == []


def test_values_that_read_alike_are_reported_with_their_types():
    assert shown(source({"n": ("int", "3")}), source({"n": ("str", "3")})) == [
        ("item", "n", "changed", "3 (int)", "3 (str)")
    ]


def test_metadata_is_compared_entry_by_entry_and_versions_of_modules_as_one():
    a = source(
        {}, {"config": {"width": 8, "deep": {"x": [1]}}, "m._metadata": {"": {"version": 1}, "a": {"version": 1}}}
    )
    b = source({}, {"config": {"width": 9, "deep": {"x": [1]}}, "m._metadata": {"": {"version": 1}}, "by": "me"})
    found = shown(a, b)
    assert [each[:3] for each in found] == [
        ("metadata", "config.width", "changed"),
        ("metadata", "m._metadata", "changed"),
        ("metadata", "by", "only_b"),
    ]
    assert found[0][3:] == ("8", "9")


def test_renaming_and_a_pattern_hold_for_items_too():
    a = source({"opt.lr": ("float", "0.1"), "epoch": ("int", "1")}, {"format": "pt"})
    b = source({"optimizer.lr": ("float", "0.1"), "epoch": ("int", "2")}, {"format": "tf"})
    assert [each[1] for each in shown(a, b, [Rename("opt.=optimizer.")])] == ["epoch", "format"]
    assert shown(a, b, [Rename("opt.=optimizer.")], Glob("optimizer.*").matches) == []


def test_a_network_has_no_items():
    network = Source(source="x", kind="module", name="net")
    assert shown(network, source({"epoch": ("int", "1")})) == []
