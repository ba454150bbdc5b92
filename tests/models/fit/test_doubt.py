"""Of `doubt`: names that agree by chance."""

from __future__ import annotations

from models.fit.doubt import doubted
from models.fit.names import NUMBER, templates_of


def doubtful(network, file):
    return {
        ".".join(parts).replace(NUMBER, "#")
        for parts in doubted(templates_of(network), templates_of(file).items(), network, file)
    }


def test_layers_that_are_counted_from_another_number():
    network = {f"layers.{n}.w": (4, 4) for n in range(1, 9)} | {"head.w": (2, 4)}
    file = {f"layers.{n}.w": (4, 4) for n in range(8)} | {"head.w": (2, 4)}
    assert doubtful(network, file) == {"layers.#.w"}


def test_numbers_within_a_part_of_a_name():
    network = {f"fc{n}.w": (4, 4) for n in (1, 2)}
    assert doubtful(network, {f"fc{n}.w": (4, 4) for n in (0, 1)}) == {"fc1.w"}
    assert doubtful(network, network) == set()


def test_fewer_layers_are_no_reason_for_doubt():
    network = {f"layers.{n}.w": (4, 4) for n in range(8)}
    assert doubtful(network, {f"layers.{n}.w": (4, 4) for n in range(6)}) == set()


def test_other_shapes_below_the_same_numbers():
    network = {f"net.{n}.weight": (8 - n, 4) for n in range(0, 6, 2)}
    file = {f"net.{n}.weight": (10 - n, 4) for n in range(0, 6, 2)}
    assert doubtful(network, file) == {"net.#.weight"}
    turned = {name: (b, a) for name, (a, b) in network.items()}
    assert doubtful(network, turned) == set()
