"""Of `initialising`: the lab on an open network, carried out and undone, with the document's examples."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from models import messages as m
from models.messages.errors import EngineProblem
from models.session.exporting import export
from models.session.initialising import apply_initialiser, measure_signal, preview_initialiser, read_initialisers
from models.session.session import Session
from models.session.statement import run_statement
from models.session.undoing import undo_last
from models.work.cancelled import Cancelled


class Context:
    """Collects progress; cancels where `stop` says so."""

    def __init__(self, stop: Callable[[], bool] = lambda: False) -> None:
        self.cancelled = stop
        self.texts: list[str] = []

    def progress(self, text: str, done: float | None = None) -> None:
        self.texts.append(text)


def opened(source: str = "parameter_access") -> Session:
    session = Session()
    session.open(source, seed=1)
    return session


def state(session: Session) -> list[tuple[str, bytes]]:
    return [(name, bytes(value.untyped_storage())) for name, value in session.root.state_dict().items()]


def weight(session: Session, path: str) -> torch.Tensor:
    return session.root.get_parameter(path).detach()


def test_the_documents_examples_as_they_stand() -> None:
    session = opened()

    def every(rule: str, *arguments: str) -> None:
        how = m.Initialisation(scope="class", text="Linear", rule=rule, arguments=[*arguments], biases="zeros")
        apply_initialiser(session, how, Context())

    every("normal_", "0", "0.01")
    assert 0 < float(weight(session, "0.weight").abs().max()) < 0.06  # six standard deviations
    assert not weight(session, "0.bias").any()
    assert not weight(session, "2.bias").any()
    every("constant_", "1")
    assert torch.equal(weight(session, "2.weight"), torch.ones(1, 8))
    apply_initialiser(session, m.Initialisation(path="0.weight", rule="xavier_uniform_"), Context())
    bound = (6 / (4 + 8)) ** 0.5
    assert bound / 2 < float(weight(session, "0.weight").abs().max()) <= bound
    apply_initialiser(session, m.Initialisation(path="2.weight", rule="constant_", arguments=["42"]), Context())
    assert torch.equal(weight(session, "2.weight"), torch.full((1, 8), 42.0))


def test_the_documents_own_rule_by_its_name_in_the_console_and_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("def far(w):\n    w.uniform_(-10, 10)\n    w[w.abs() < 5] = 0\n")
    session = opened("initialized")
    for seed, text in enumerate(("my_init", "mine.py:far")):
        done = apply_initialiser(session, m.Initialisation(rule="own", arguments=[text], seed=seed), Context())
        assert done.changed[0] == "0.weight"
        values = weight(session, "0.weight")
        assert (values[values != 0].abs() >= 5).all()
        assert 0 < int((values == 0).sum()) < 32
        assert float(values.abs().max()) <= 10


def test_undo_gives_back_the_bytes_and_random_numbers_go_on_as_if_nothing_was_drawn() -> None:
    session = opened("rgnet")
    before, random = state(session), torch.get_rng_state()
    done = apply_initialiser(session, m.Initialisation(rule="orthogonal_", biases="zeros", seed=9), Context())
    assert len(done.changed) == 18
    assert state(session) != before
    assert torch.equal(torch.get_rng_state(), random)
    assert undo_last(session).startswith("took back `orthogonal_ of 18 parameters`")
    assert state(session) == before


def test_a_preview_changes_nothing_and_says_the_formula_with_the_numbers_of_the_layer() -> None:
    session = opened("rgnet")
    before, random = state(session), torch.get_rng_state()
    found = preview_initialiser(
        session, m.PreviewInitialiser(how=m.Initialisation(rule="default", scope="class", text="Linear")), Context()
    )
    assert found.law == "uniform(±1/√4 = ±0.5): ±1/√in_features"
    assert found.spread == "std = 0.5/√3 = 0.2887"
    assert (found.path, found.filled) == ("0.block 0.0.weight", 18)
    assert found.theory == m.Spread(low=-0.5, high=0.5, mean=0.0, std=0.5 / 3**0.5)
    for shares in (found.today_shares, found.fresh_shares, found.theory_shares):
        assert sum(shares) == pytest.approx(1.0)
    assert (state(session), torch.equal(torch.get_rng_state(), random)) == (before, True)
    apply_initialiser(session, m.Initialisation(rule="default", scope="class", text="Linear"), Context())
    drawn = weight(session, found.path)
    assert (float(drawn.min()), float(drawn.max())) == (found.fresh.low, found.fresh.high)


def test_the_scopes_that_are_offered_lead_from_the_object_upwards() -> None:
    offers = read_initialisers(opened("rgnet"), "0.block 1.0.weight")
    assert [each.label for each in offers.scopes] == [
        "0.block 1.0.weight",
        "0.block 1.0, all below",
        "0.block 1, all below",
        "0, all below",
        "the whole network",
        "every Linear (9)",
        "a pattern of paths",
    ]
    assert [each.single for each in offers.scopes] == [True] + [False] * 6


def test_repeated_layers_are_offered_as_a_pattern_that_leaves_their_scales_alone() -> None:
    session = opened("sequential")
    run_statement(
        session, "net = nn.ModuleDict({'layers': nn.ModuleList(nn.TransformerEncoderLayer(8, 2) for _ in '1234')})"
    )
    offers = read_initialisers(session, "layers.[0–3]").scopes
    assert [(each.kind, each.text or each.path) for each in offers[:2]] == [("pattern", "layers.*"), ("this", "layers")]
    how = m.Initialisation(scope="pattern", text="layers.*", rule="normal_", biases="zeros")
    found = preview_initialiser(session, m.PreviewInitialiser(how=how), Context())
    assert found.summary == "16 weights and 24 biases filled, 8 left as they are"
    assert found.left[0] == "layers.0.norm1.weight: neither a weight of 2 dimensions or more nor a bias"


@pytest.mark.parametrize(
    ("how", "error"),
    [
        (m.Initialisation(rule="xavier_uniform_", arguments=["much"]), "gain is a number"),
        (m.Initialisation(rule="xavier_uniform_", arguments=["inf"]), "gain is a finite number"),
        (m.Initialisation(rule="kaiming_normal_", arguments=["", "fan"]), "one of fan_in, fan_out"),
        (m.Initialisation(rule="normal_", arguments=["", "-1"]), "a standard deviation is not negative"),
        (m.Initialisation(rule="uniform_", arguments=["2", "1"]), "b is at least a"),
        (m.Initialisation(rule="dirac_", path="0.weight"), "nothing to fill: 0.weight: dirac_ takes 3 to 5 dimensions"),
        (m.Initialisation(rule="zeros_", scope="pattern", text="no.*"), "no parameter is meant by no.*"),
        (m.Initialisation(rule="own", arguments=["nobody"]), "NameError: name 'nobody' is not defined"),
        (m.Initialisation(rule="own", arguments=["net.zero_grad()"]), "a name, `lambda t: …` or FILE.py:NAME"),
        (m.Initialisation(rule="own", arguments=["X"]), "X is a Tensor, which cannot be called"),
        (m.Initialisation(rule="no_such"), "there is no rule 'no_such'"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_carried_out(how: m.Initialisation, error: str) -> None:
    session = opened()
    before = state(session)
    found = preview_initialiser(session, m.PreviewInitialiser(how=how), Context())
    assert next(filter(None, found.errors)).startswith(error)
    with pytest.raises(EngineProblem):
        apply_initialiser(session, how, Context())
    assert state(session) == before


def test_a_rule_of_the_users_that_raises_can_be_taken_back() -> None:
    session = opened()
    run_statement(session, "def half(w):\n    w.fill_(7)\n    if w.dim() == 1: raise KeyError('bias')\n\n")
    before = state(session)
    with pytest.raises(EngineProblem) as caught:
        apply_initialiser(session, m.Initialisation(rule="own", arguments=["half"], biases="rule"), Context())
    assert caught.value.problem.title == "KeyError: 'bias'"
    undo_last(session)
    assert state(session) == before


def test_what_is_stopped_in_the_middle_can_be_taken_back() -> None:
    session = opened("rgnet")
    before, asked = state(session), iter([False, False, True])
    with pytest.raises(Cancelled):
        apply_initialiser(session, m.Initialisation(rule="ones_"), Context(lambda: next(asked)))
    assert int((weight(session, "0.block 0.2.weight") == 1).sum()) == 32
    assert not (weight(session, "0.block 1.0.weight") == 1).all()
    undo_last(session)
    assert state(session) == before


def test_the_signal_of_several_schemes_goes_through_the_same_layers() -> None:
    session = opened("sequential")
    small = m.Initialisation(rule="normal_", arguments=["", "0.01"], biases="zeros")
    found = measure_signal(session, [m.Initialisation(), small], Context())
    assert [layer.path for layer in found.layers] == ["0", "1", "2"]
    assert [each.label for each in found.signals] == ["today", "normal_(std=0.01), zero biases"]
    assert found.signals[1].activations[-1] < found.signals[0].activations[-1] / 10


@pytest.mark.slow
def test_the_session_as_a_file_gives_the_same_values(tmp_path: Path) -> None:
    session = opened()
    run_statement(session, "torch.manual_seed(3)")
    apply_initialiser(session, m.Initialisation(rule="kaiming_normal_", biases="zeros", seed=2), Context())
    run_statement(session, "drawn = torch.rand(1)")
    run_statement(session, "print(net.state_dict(), drawn)")
    script = tmp_path / "session.py"
    script.write_text(export(session, "session").text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(Path.cwd())}
    )
    assert done.stdout.strip() == f"{session.root.state_dict()} {session.namespace['drawn']}"


def test_the_same_seed_again_changes_nothing_and_says_so() -> None:
    session = opened()
    how = m.Initialisation(path="0.weight", rule="normal_", seed=3)
    assert apply_initialiser(session, how, Context()).text == "normal_ of 0.weight, seed 3"
    again = apply_initialiser(session, how, Context())
    assert (again.text, again.changed) == ("normal_ of 0.weight, seed 3: it had these values already", [])


def test_what_no_layer_draws_by_itself_is_not_said_to_be_filled_by_the_default(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "import torch\nfrom torch import nn\n"
        "class Scale(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.gain = nn.Parameter(torch.ones(3, 3))\n"
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.token = nn.Parameter(torch.zeros(1, 4))\n        self.fc, self.scale = nn.Linear(4, 3), Scale()\n"
        "        self.attention = nn.MultiheadAttention(4, 2)\n"
    )
    session = opened(f"{tmp_path}/own.py:Net")

    def previewed(path: str, **rest: str) -> m.InitialPreview:
        how = m.Initialisation(rule="default", path=path, **rest)  # type: ignore[arg-type]
        return preview_initialiser(session, m.PreviewInitialiser(how=how), Context())

    found = previewed("")
    assert found.left == ["token: Net has no reset_parameters()", "scale.gain: Scale has no reset_parameters()"]
    assert found.filled == 6
    for path in ("scale", "scale.gain"):
        assert previewed(path).errors == ["nothing to fill: scale.gain: Scale has no reset_parameters()"]
        with pytest.raises(EngineProblem, match="nothing to fill"):
            apply_initialiser(session, m.Initialisation(rule="default", path=path), Context())
    assert previewed("", scope="pattern", text="*.gain").filled == 0
    assert previewed("attention.out_proj.weight").filled == 1
