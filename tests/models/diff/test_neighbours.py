"""Small tensors that are read at once differ as each by itself.  Of `neighbours` and `stream`."""

import json
import math

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.diff import neighbours, stream
from models.diff.difference import Tolerance
from models.diff.pairing import pair
from models.diff.sources import every_tensor
from models.diff.stream import differences
from models.diff.workers import Workers
from models.session.session import Session
from models.work.cancelled import Cancelled
from tests.cases import examples
from tests.models.stored.held import bytes_of

NAMES = {
    torch.float32: "F32", torch.float64: "F64", torch.bfloat16: "BF16", torch.float16: "F16", torch.int8: "I8",
    torch.int64: "I64", torch.bool: "BOOL", torch.float8_e4m3fn: "F8_E4M3",
}  # fmt: skip


def write(path, tensors):
    header, at = {}, 0
    for name, tensor in tensors.items():
        header[name] = {
            "dtype": NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [at, at + tensor.nbytes],
        }
        at += tensor.nbytes
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(map(bytes_of, tensors.values())))


def compared(a, b, squares=True):
    models = []
    for path in (a, b):
        session = Session()
        session.open(str(path))
        models.append(session.model)
    pairs = pair(*map(every_tensor, models), True, lambda path: True)
    found = differences(pairs, Tolerance(), workers=Workers(1), squares=squares, torch_is_there=lambda: True)
    return {each.path: each for each in found}


def shown(difference):
    numbers = difference.comparison
    if numbers is None:
        return (difference.status, difference.reason)
    figures = [numbers.relative_l2, numbers.cosine]
    if numbers.squares is not None:
        figures += [numbers.squares.a.root()[0], numbers.squares.apart.root()[0]]
    figures = [None if each is None else pytest.approx(each, rel=1e-6, abs=1e-9) for each in figures]
    return (difference.status, numbers.max_abs, numbers.differing, numbers.nonfinite, numbers.index, *figures)


@settings(deadline=None, max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_each_differs_as_by_itself(tmp_path, monkeypatch, data):
    generator = torch.Generator().manual_seed(data.draw(st.integers(0, 2**32)))
    a, b = {}, {}
    for number in range(data.draw(st.integers(1, 14))):
        dtype = data.draw(st.sampled_from(list(NAMES)))
        shape = data.draw(st.sampled_from([(), (0,), (3,), (4, 5), (70, 70), (200, 200)]))
        mine = (torch.randn(shape, generator=generator) * 9).to(dtype)
        theirs = mine.clone()
        change = data.draw(st.sampled_from(["none", "none", "one", "nan", "minus zero", "shape", "dtype", "only"]))
        if mine.numel() and change == "one":
            theirs.view(-1)[-1] = 3.0
        if mine.numel() and change == "nan" and dtype.is_floating_point:
            mine.view(-1)[0] = math.nan
            theirs.view(-1)[0] = data.draw(st.sampled_from([math.nan, 0.0]))
        if mine.numel() and change == "minus zero" and dtype.is_floating_point:
            mine.view(-1)[0], theirs.view(-1)[0] = 0.0, -0.0
        if change == "shape":
            theirs = torch.ones(2, dtype=dtype)
        if change == "dtype":
            theirs = theirs.to(torch.float32)
        a[f"m{number}.w"] = mine
        if change != "only":
            b[f"m{number}.w"] = theirs
    order = data.draw(st.permutations(list(b)))
    paths = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    write(paths[0], a)
    write(paths[1], {name: b[name] for name in order})
    together = compared(*paths)
    with monkeypatch.context() as patch:
        patch.setattr(stream, "neighbours", lambda pairs, start: None)
        alone = compared(*paths)
    assert list(together) == list(alone)
    assert {path: shown(each) for path, each in together.items()} == {path: shown(each) for path, each in alone.items()}


def test_many_are_read_at_once_and_a_file_that_changed_is_named(tmp_path):
    tensors = {f"m{number}.w": torch.full((64,), float(number)) for number in range(2000)}
    paths = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    for path in paths:
        write(path, tensors)
    session, other = Session(), Session()
    session.open(str(paths[0]))
    other.open(str(paths[1]))
    pairs = pair(every_tensor(session.model), every_tensor(other.model), True, lambda path: True)
    many = neighbours.neighbours(pairs.both, 0)
    assert many is not None
    assert len(many.pairs) == 2000
    write(paths[1], {**tensors, "m7.w": torch.zeros(65)})
    found = list(differences(pairs, Tolerance(), workers=Workers(1)))
    assert {each.status for each in found} == {"unreadable"}
    assert "b.safetensors was changed" in found[5].reason


def test_between_two_groups_a_request_can_be_cancelled_and_what_was_found_stays(tmp_path):
    tensors = {f"m{number}.w": torch.full((64,), float(number)) for number in range(5000)}
    paths = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    write(paths[0], tensors)
    write(paths[1], {name: tensor + 1 for name, tensor in tensors.items()})
    sessions = Session(), Session()
    for session, path in zip(sessions, paths, strict=True):
        session.open(str(path))
    pairs = pair(*(every_tensor(session.model) for session in sessions), True, lambda path: True)
    asked = []

    def on_progress(done, total, path):
        asked.append((done, total))
        if len(asked) == 2:
            raise Cancelled

    found = []

    def gather():
        for together in stream.differences_at_once(pairs, Tolerance(), on_progress, Workers(1)):
            found.extend(together)

    with pytest.raises(Cancelled):
        gather()
    assert 1000 < len(found) < 5000
    assert asked == [(0, 5000 * 512), (len(found) * 512, 5000 * 512)]
    assert {each.status for each in found} == {"changed"}


def test_what_one_side_alone_has_is_not_sought_from_the_beginning_each_time(tmp_path):
    class Walked(list):
        walks = 0

        def __iter__(self):
            self.walks += 1
            return super().__iter__()

    models = []
    for words in ("xy", "x"):
        path = tmp_path / f"{words}.safetensors"
        write(path, {f"{at}.{word}": torch.zeros(2) for at in range(150) for word in words})
        session = Session()
        session.open(str(path))
        models.append(session.model)
    pairs = pair(*map(every_tensor, models), True, lambda path: True)
    pairs.both = Walked(pairs.both)
    found = list(differences(pairs, Tolerance(), workers=Workers(1)))
    assert [each.status for each in found] == ["equal", "only_a"] * 150
    assert pairs.both.walks < 3
