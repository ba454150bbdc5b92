"""Classes with the habits of Lightning and transformers, opened and looked at from everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from models.run.console.completion import complete
from models.session.passes import backward_pass, forward_pass
from models.session.session import Session
from models.session.statement import run_statement

FILE = '''
import torch
from torch import nn

def raising(name):
    def get(self):
        raise RuntimeError(f"{type(self).__name__} is not attached to a Trainer: {name}")
    return property(get)

class Lightning(nn.Module):
    """As lightning.LightningModule before there is a Trainer."""
    trainer = raising("trainer")
    fabric = raising("fabric")
    logger = raising("logger")
    optimizers_ = raising("optimizers_")
    global_step = raising("global_step")
    device = raising("device")
    dtype = raising("dtype")

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 2)
        self.example_input_array = torch.full((3, 4), 2.0)
        self._metric_attributes = None

    def forward(self, x):
        return self.layer(x)

class Config:
    hidden = 8
    vocabulary = 11
    def to_dict(self):
        return vars(self)

class PreTrained(nn.Module):
    """As transformers.PreTrainedModel."""
    config_class = Config
    _tied_weights_keys = {"head.weight": "embed.weight"}
    main_input_name = "input_ids"

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.generation_config = Config()
        self.embed = nn.Embedding(config.vocabulary, config.hidden)
        self.head = nn.Linear(config.hidden, config.vocabulary, bias=False)
        self.post_init()

    def post_init(self):
        self.head.weight = self.embed.weight

    @classmethod
    def from_config(cls, config=Config()):
        return cls(config)

    @property
    def dummy_inputs(self):
        torch.rand(1)
        return {"input_ids": torch.tensor([[7, 6, 0], [1, 2, 3]])}

    @property
    def device(self):
        return next(self.parameters()).device

    @property
    def dtype(self):
        return next(self.parameters()).dtype

    def forward(self, input_ids=None, attention_mask=None):
        return self.head(self.embed(input_ids))

class Other(PreTrained):
    """Whose dummy inputs are not what its forward takes."""
    def forward(self, pixels):
        return pixels

nets = {"gen.1": Lightning(), 2: PreTrained(Config())}
'''


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "foreign_file.py"
    path.write_text(FILE)
    return path


def look_at_everything(session: Session) -> list[str]:
    """Ask every pane about every row; the paths."""
    model = session.model
    model.fold_state.fold("", "all")
    paths = [row.path for row in model.rows(0, 100)]
    for path in paths:
        model.describe(path)
        model.source_code(path)
        model.forms(path)
    assert complete("net.", 4, session.namespace).items
    return paths


def test_a_lightning_module_is_an_ordinary_module(file: Path) -> None:
    session = Session()
    summary = session.open(f"{file}:Lightning")
    assert (summary.parameters, summary.input, summary.guessed) == (
        10,
        "float32[3, 4], its own example_input_array",
        False,
    )
    look_at_everything(session)
    ran = forward_pass(session)
    assert ran.problem is None
    assert backward_pass(session).problem is None
    assert run_statement(session, "net.trainer").problem.title.endswith("is not attached to a Trainer: trainer")
    assert run_statement(session, "net.layer.bias.data[0] = 3").changed == ["layer.bias"]


def test_a_transformers_model_has_its_input_its_ties_and_its_config(file: Path) -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    for name, warned in (("PreTrained", 1), ("PreTrained.from_config", 0)):
        session = Session()
        summary = session.open(f"{file}:{name}", seed=3)
        assert summary.input == "input_ids=int64[2, 3], its own dummy_inputs"
        assert summary.parameters == 88
        assert len(summary.warnings) == warned
        state = torch.get_rng_state()
        look_at_everything(session)
        assert torch.equal(torch.get_rng_state(), state)
        assert forward_pass(session).problem is None
    torch.manual_seed(3)
    assert torch.equal(torch.rand(1), expected)


def test_dummy_inputs_that_the_forward_does_not_take_are_left(file: Path) -> None:
    summary = Session().open(f"{file}:Other")
    assert (summary.input, summary.guessed) == ("torch.randint(11, (2, 16))", True)


def test_a_dict_of_them(file: Path) -> None:
    session = Session()
    summary = session.open(f"{file}:nets")
    assert (summary.class_name, summary.name, summary.parameters) == ("dict", "nets", 98)
    assert {"gen.1", "gen.1.layer.weight", "2.embed"} <= set(look_at_everything(session))
    assert run_statement(session, "type(nets), nets is net").value == "(<class 'dict'>, True)"
    assert run_statement(session, "nets['gen.1'].layer.bias.data[0] = 9").changed == ["gen.1.layer.bias"]
    run_statement(session, "nets['third'] = nn.Linear(1, 1)")
    assert session.summary().parameters == 100
    ran = forward_pass(session)
    assert ran.problem is not None
    assert "A dict has no forward of its own" in ran.problem.title
    assert run_statement(session, "nets[2](torch.tensor([[1]])).shape").value == "torch.Size([1, 1, 11])"


@pytest.mark.parametrize("name", ["nets[2]", "nets['gen.1'].layer"])
def test_an_entry(file: Path, name: str) -> None:
    session = Session()
    session.open(f"{file}:{name}")
    assert run_statement(session, "len(nets), net is nets[2] or net is nets['gen.1'].layer").value == "(2, True)"
