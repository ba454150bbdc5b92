"""Time to propose renames for files whose names differ, over opening both files and reading their names and shapes.

python benchmarks/fit.py
"""

from __future__ import annotations

import json
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from side_by_side import ROOT, in_turn, report

sys.path.insert(0, str(ROOT))

from models.fit.name_lists import name_templates
from models.fit.names import Shapes
from models.fit.proposal import propose
from models.fit.sides import Side, side_of
from models.session.session import Session

LAYER = {
    "self_attn.q_proj": ("attention.wq", (8, 8)), "self_attn.k_proj": ("attention.wk", (2, 8)),
    "self_attn.v_proj": ("attention.wv", (2, 8)), "self_attn.o_proj": ("attention.wo", (8, 8)),
    "mlp.gate_proj": ("feed_forward.w1", (16, 8)), "mlp.up_proj": ("feed_forward.w3", (16, 8)),
    "mlp.down_proj": ("feed_forward.w2", (8, 16)), "input_layernorm": ("attention_norm", (8,)),
    "post_attention_layernorm": ("ffn_norm", (8,)),
}  # fmt: skip
"""Modules of a layer of Llama, with the names that Meta's files have for them."""
EXPERTS = {"gate_proj": "w1", "up_proj": "w3", "down_proj": "w2"}


def llama(layers: int) -> tuple[Shapes, Shapes]:
    """Names and shapes of a network, and of a file in the other naming."""
    network = {"model.embed_tokens.weight": (99, 8), "model.norm.weight": (8,), "lm_head.weight": (99, 8)}
    file = {"tok_embeddings.weight": (99, 8), "norm.weight": (8,), "output.weight": (99, 8)}
    for layer in range(layers):
        for ours, (theirs, shape) in LAYER.items():
            network[f"model.layers.{layer}.{ours}.weight"] = shape
            file[f"layers.{layer}.{theirs}.weight"] = shape
    return network, file


def wrapped(layers: int) -> tuple[Shapes, Shapes]:
    """The same names, `module.` before all."""
    network, _ = llama(layers)
    return network, {f"module.{name}": shape for name, shape in network.items()}


def experts(layers: int, count: int) -> tuple[Shapes, Shapes]:
    """Experts that the network has in one tensor a layer, and the file one by one."""
    network: dict[str, tuple[int, ...]] = {}
    file: dict[str, tuple[int, ...]] = {}
    for layer in range(layers):
        head = f"model.layers.{layer}"
        network[f"{head}.mlp.experts.gate_up_proj"] = (count, 8, 6)
        network[f"{head}.mlp.experts.down_proj"] = (count, 6, 4)
        network[f"{head}.mlp.gate.weight"] = file[f"{head}.block_sparse_moe.gate.weight"] = (count, 6)
        for name in (f"{head}.block_sparse_moe.experts.{expert}" for expert in range(count)):
            file |= {f"{name}.w1.weight": (4, 6), f"{name}.w3.weight": (4, 6), f"{name}.w2.weight": (6, 4)}
    return network, file


def write(path: Path, shapes: Shapes) -> None:
    """Write a safetensors file of tensors of one byte an element, all 0."""
    header, end = {}, 0
    for name, shape in shapes.items():
        begin, size = end, 1
        for length in shape:
            size *= length
        end = begin + size
        header[name] = {"dtype": "U8", "shape": list(shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)


def opened(path: Path) -> Side:
    """The names and shapes of a file, opened as `fit` does."""
    session = Session()
    session.open(str(path))
    return side_of(session.model)


def main() -> None:
    """Print seconds and ratios."""
    pairs = {
        "1,000 renamed": llama(110), "20,000 renamed": llama(2220), "20,000 wrapped": wrapped(2220),
        "19,200 experts": experts(50, 128),
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        measures, ratios = {}, []
        for at, (name, (network, file)) in enumerate(pairs.items()):
            paths = [Path(folder, f"{at}{side}.safetensors") for side in "ab"]
            write(paths[0], network)
            write(paths[1], file)
            measures[f"open {name}"] = lambda paths=paths: _seconds(lambda: [opened(path) for path in paths])
            measures[f"fit {name}"] = lambda network=network, file=file: _seconds(lambda: _proposed(network, file))
            ratios.append((f"fit {name}", f"open {name}", 3.0))
        report(in_turn(measures, 5), ratios)


def _proposed(network: Shapes, file: Shapes) -> None:
    proposal = propose(network, file)
    assert len(proposal.mapping()) == len(file)
    assert proposal.rules
    name_templates(network)


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    main()
