"""Of `units`, `module_paths`, `votes`, `combined`, `counting`, `strays`: ways in which others name weights."""

from __future__ import annotations

import pytest
import torch

from models.fit.code import code_for
from models.fit.links import CERTAINTIES
from models.fit.loading import values_of
from models.fit.misfits import misfits
from models.fit.module_paths import module_paths
from models.fit.proposal import Proposal, propose
from models.fit.sides import Side

Shapes = dict[str, tuple[int, ...]]


def pairs(proposal: Proposal) -> dict[str, list[str]]:
    return proposal.mapping()


def ran(proposal: Proposal, file: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """What the offered Python makes of the tensors of a file."""
    sides = Side(dict(proposal.network)), Side(dict(proposal.file))
    code = code_for(proposal, sides[0], misfits(proposal, *sides, CERTAINTIES), "w")
    state: dict[str, torch.Tensor] = {}

    class Model:
        def state_dict(self) -> dict[str, torch.Tensor]:
            return {name: torch.zeros(shape) for name, shape in proposal.network.items()}

        def load_state_dict(self, found: dict[str, torch.Tensor], strict: bool = True) -> None:
            state.update(found)

    names: dict[str, object] = {"model": Model(), "torch": torch, "file": file}
    exec(code.replace("file = ...", "..."), names)
    return state


SPECTRAL = (
    ("weight_orig", "parametrizations.weight.original"),
    ("weight_u", "parametrizations.weight.0._u"),
    ("weight_v", "parametrizations.weight.0._v"),
)
WEIGHT = (("weight_g", "parametrizations.weight.original0"), ("weight_v", "parametrizations.weight.original1"))


def normed() -> tuple[Shapes, Shapes, dict[str, list[str]]]:
    """A network with spectral norm and weight norm of the new kind, and a file of the old."""
    shapes = {
        "a": ((8, 3, 3, 3), (8,), (27,)),
        "b": ((16, 16), (16,), (16,)),
    }
    network: Shapes = {}
    file: Shapes = {}
    right: dict[str, list[str]] = {}
    named = [(name, *each) for name, sizes in shapes.items() for each in zip(SPECTRAL, sizes, strict=True)]
    named += [("d", each, size) for each, size in zip(WEIGHT, ((6, 1, 1, 1), (6, 8, 3, 3)), strict=True)]
    for name, (old, new), size in named:
        file[f"{name}.{old}"] = network[f"{name}.{new}"] = size
        right[f"{name}.{old}"] = [f"{name}.{new}"]
    for name in ("a", "b", "d"):
        file[f"{name}.bias"] = network[f"{name}.bias"] = (4,)
        right[f"{name}.bias"] = [f"{name}.bias"]
    return network, file, right


def test_old_and_new_spectral_norm_and_weight_norm_in_one_file():
    network, file, right = normed()
    assert pairs(propose(network, file)) == right
    back = {new: [old] for old, (new,) in right.items()}
    assert pairs(propose(file, network)) == back


def test_no_half_of_a_weight_becomes_the_weight():
    file: Shapes = {}
    network: Shapes = {"head.weight": (2, 9), "head.bias": (2,)}
    for n in range(4):
        network |= {f"net.{n}.weight": (8, 8), f"net.{n}.bias": (8,)}
        file |= {f"net.{n}.weight_orig": (8, 8), f"net.{n}.weight_u": (8,), f"net.{n}.weight_v": (8,)}
        file[f"net.{n}.bias"] = (8,)
    file |= {"head.weight": (2, 9), "head.bias": (2,)}
    assert all(link.file == link.network for link in propose(network, file).links)
    pruned = {f"net.{n}.{name}": (8, 8) for n in range(4) for name in ("weight_orig", "weight_mask")}
    assert propose(network, pruned | {"head.weight": (2, 9), "head.bias": (2,)}).links[:-2] == []


@pytest.mark.parametrize("first", [1, 2])
def test_blocks_counted_from_another_number_beside_others_that_are_in_no_block(first):
    """GPT-NeoX: `sequential.0` is the embedding, the blocks begin with 2, and what is last is numbered too."""
    network: Shapes = {"net.embed_in.weight": (90, 8)}
    file: Shapes = {"sequential.0.embeddings.weight": (90, 8)}
    for n in range(5):
        for name, shape in (("norm.weight", (8,)), ("mlp.up.weight", (32, 8)), ("mlp.down.weight", (8, 32))):
            network[f"net.layers.{n}.{name}"] = file[f"sequential.{n + first}.{name}"] = shape
    network |= {"net.norm.weight": (8,), "embed_out.weight": (90, 8)}
    file |= {"sequential.8.norm.weight": (8,), "sequential.9.linear.weight": (90, 8)}
    found = propose(network, file)
    for n in range(5):
        assert pairs(found)[f"sequential.{n + first}.mlp.up.weight"] == [f"net.layers.{n}.mlp.up.weight"]
        assert pairs(found)[f"sequential.{n + first}.norm.weight"] == [f"net.layers.{n}.norm.weight"]


def test_one_template_that_is_counted_from_another_number():
    """Swin: the downsampling stands at the end of a stage, or at the beginning of the next."""
    network: Shapes = {}
    file: Shapes = {}
    for stage in range(4):
        for block in range(2):
            network[f"layers.{stage}.blocks.{block}.fc.weight"] = (8 << stage, 8 << stage)
        if stage:
            network[f"layers.{stage}.downsample.weight"] = (8 << stage, 16 << stage)
            file[f"layers.{stage - 1}.downsample.weight"] = (8 << stage, 16 << stage)
    file |= {name: shape for name, shape in network.items() if "blocks" in name}
    found = pairs(propose(network, file))
    assert found["layers.0.downsample.weight"] == ["layers.1.downsample.weight"]
    assert found["layers.2.downsample.weight"] == ["layers.3.downsample.weight"]
    assert found["layers.1.blocks.1.fc.weight"] == ["layers.1.blocks.1.fc.weight"]


def test_layers_of_which_one_bears_a_name_that_the_other_side_has_too_are_a_guess():
    network: Shapes = {}
    file: Shapes = {}
    for n in range(4):
        for name, old, shape in (("proj_in", 0, (8, 8)), ("layers.0", 1, (8, 8)), ("proj_out", 2, (2, 8))):
            network[f"body.mlps.{n}.{name}.weight"] = file[f"body.mlps.{n}.layers.{old}.weight"] = shape
            network[f"body.mlps.{n}.{name}.bias"] = file[f"body.mlps.{n}.layers.{old}.bias"] = shape[:1]
    network |= {f"body.out.{n}.weight": (5, 5) for n in range(9)}
    file |= {f"body.out.{n}.weight": (5, 5) for n in range(9)}
    found = propose(network, file)
    doubted = {link.certainty for link in found.links if ".layers.0" in link.file[0] or ".layers.1" in link.file[0]}
    assert doubted == {"guess"}


def test_paths_of_tensorflow():
    names = ["a/layer_0/norm/gamma", "a/layer_1/norm/gamma", "a/ln_1/beta", "a/part_7/norm/gamma"]
    found = module_paths(names)
    assert list(found.values()) == [
        "a.layer.0.norm.gamma",
        "a.layer.1.norm.gamma",
        "a.ln_1.beta",
        "a.part_7.norm.gamma",
    ]
    clash = ["a/b", "a.b"]
    assert module_paths(clash) == {name: name for name in clash}


@pytest.mark.parametrize("dot", ["/", "."])
def test_tensorflow_s_names_and_its_kernels_swapped(dot):
    network: Shapes = {"bert.embeddings.word_embeddings.weight": (90, 8)}
    file: Shapes = {"bert.embeddings.word_embeddings": (90, 8)}
    for n in range(3):
        head = f"bert.encoder.layer.{n}"
        for name, rows, columns in (
            ("attention.self.query", 8, 8), ("attention.self.key", 8, 8), ("attention.output.dense", 8, 8),
            ("intermediate.dense", 32, 8), ("output.dense", 8, 32),
        ):  # fmt: skip
            network |= {f"{head}.{name}.weight": (rows, columns), f"{head}.{name}.bias": (rows,)}
            file |= {
                f"bert.encoder.layer_{n}.{name}.kernel": (columns, rows),
                f"bert.encoder.layer_{n}.{name}.bias": (rows,),
            }
        network |= {f"{head}.output.LayerNorm.weight": (8,), f"{head}.output.LayerNorm.bias": (8,)}
        file |= {f"bert.encoder.layer_{n}.output.LayerNorm.{end}": (8,) for end in ("beta", "gamma")}
    ends = {"kernel": "weight", "gamma": "weight", "beta": "bias"}
    right = {}
    for name in file:
        head, _, last = name.replace("layer_", "layer.").rpartition(".")
        right[name.replace(".", dot)] = [
            f"{head}.{ends.get(last, last)}" if last != "word_embeddings" else f"{head}.{last}.weight"
        ]
    found = propose(network, {name.replace(".", dot): shape for name, shape in file.items()})
    assert pairs(found) == right
    assert {link.file[0] for link in found.links if link.transposed} == {
        name for name in right if name.endswith("kernel")
    }


def test_what_the_end_of_one_name_becomes_is_not_said_of_all_others_that_end_so():
    network = {"head.decoder.weight": (90, 8)}
    file = {"body.head.weight": (90, 8)}
    for n in range(4):
        for name, ours, shape in (("out_proj", "output.dense", (8, 8)), ("out_norm", "output.norm", (8,))):
            network |= {f"net.layer.{n}.{ours}.weight": shape, f"net.layer.{n}.{ours}.bias": (8,)}
            file |= {f"body.layers.{n}.{name}.weight": shape, f"body.layers.{n}.{name}.bias": (8,)}
    found = pairs(propose(network, file))
    assert found["body.head.weight"] == ["head.decoder.weight"]
    for n in range(4):
        assert found[f"body.layers.{n}.out_proj.bias"] == [f"net.layer.{n}.output.dense.bias"]
        assert found[f"body.layers.{n}.out_norm.bias"] == [f"net.layer.{n}.output.norm.bias"]


def test_the_children_of_a_network_in_a_sequential():
    """Nothing of such a network stands outside numbered modules."""
    file: Shapes = {"conv1.weight": (8, 3, 7, 7), "bn1.weight": (8,), "bn1.bias": (8,), "fc.weight": (10, 32)}
    network: Shapes = {
        "body.0.weight": (8, 3, 7, 7),
        "body.1.weight": (8,),
        "body.1.bias": (8,),
        "head.weight": (5, 32),
    }
    for n in range(3):
        for k in range(2):
            for name, shape in (
                ("conv1.weight", (8 << n, 8 << n, 3, 3)),
                ("bn1.weight", (8 << n,)),
                ("bn1.bias", (8 << n,)),
            ):
                file[f"layer{n + 1}.{k}.{name}"] = network[f"body.{n + 4}.{k}.{name}"] = shape
    found = propose(network, {name: file[name] for name in sorted(file)})
    assert not found.refusal
    assert pairs(found)["layer2.1.conv1.weight"] == ["body.5.1.conv1.weight"]


def combined() -> tuple[Shapes, Shapes]:
    """A network with q, k and v apart and experts one by one; a file with Conv1D, and the experts' rows together."""
    network: Shapes = {"emb.weight": (90, 8)}
    file: Shapes = {"emb.weight": (90, 8)}
    for n in range(3):
        for name in ("query", "key", "value"):
            network |= {f"blocks.{n}.att.W_{name}.weight": (8, 8), f"blocks.{n}.att.W_{name}.bias": (8,)}
        file |= {f"h.{n}.attn.c_attn.weight": (8, 24), f"h.{n}.attn.c_attn.bias": (24,)}
        network[f"blocks.{n}.moe.gate.weight"] = file[f"h.{n}.moe.gate.weight"] = (4, 8)
        for expert in range(4):
            network |= {f"blocks.{n}.moe.experts.{expert}.{w}.weight": (12, 8) for w in ("w1", "w3")}
        file |= {f"h.{n}.moe.{w}": (48, 8) for w in ("w1", "w3")}
    return network, file


def test_a_swapped_matrix_is_cut_and_the_rows_of_experts_are_taken_apart():
    network, file = combined()
    found = propose(network, file)
    assert pairs(found)["h.1.moe.w3"] == [f"blocks.1.moe.experts.{expert}.w3.weight" for expert in range(4)]
    tensors = {name: torch.randn(shape) for name, shape in file.items()}
    right = {"emb.weight": tensors["emb.weight"]}
    for n in range(3):
        for at, name in enumerate(("query", "key", "value")):
            right[f"blocks.{n}.att.W_{name}.weight"] = tensors[f"h.{n}.attn.c_attn.weight"].T[8 * at : 8 * at + 8]
            right[f"blocks.{n}.att.W_{name}.bias"] = tensors[f"h.{n}.attn.c_attn.bias"][8 * at : 8 * at + 8]
        right[f"blocks.{n}.moe.gate.weight"] = tensors[f"h.{n}.moe.gate.weight"]
        for expert, w in ((expert, w) for expert in range(4) for w in ("w1", "w3")):
            rows = tensors[f"h.{n}.moe.{w}"][12 * expert : 12 * expert + 12]
            right[f"blocks.{n}.moe.experts.{expert}.{w}.weight"] = rows
    loaded = {
        name: value
        for link in found.links
        for name, value in zip(link.network, values_of(link, tensors.__getitem__, network), strict=True)
    }
    for values in (loaded, ran(found, tensors)):
        assert values.keys() == right.keys()
        assert all(torch.equal(value, right[name]) for name, value in values.items())
    assert any("swapped" in rule.note for rule in found.rules)


def test_the_other_way_around_they_are_put_together():
    file, network = combined()
    found = propose(network, file)
    assert pairs(found)["blocks.1.moe.experts.3.w1.weight"] == ["h.1.moe.w1"]
    tensors = {name: torch.randn(shape) for name, shape in file.items()}
    state = ran(found, tensors)
    parts = [tensors[f"blocks.2.att.W_{name}.weight"] for name in ("query", "key", "value")]
    assert torch.equal(state["h.2.attn.c_attn.weight"], torch.cat(parts).T)
    experts = torch.cat([tensors[f"blocks.2.moe.experts.{expert}.w3.weight"] for expert in range(4)])
    assert torch.equal(state["h.2.moe.w3"], experts)


def test_the_numbers_of_equal_layers_count_up_together():
    sizes = (10, 64, 64, 64, 64, 3)
    network = {f"net.{2 * n}.weight": (sizes[n + 1], sizes[n]) for n in range(5)}
    file = {f"fc{n + 1}.weight": (sizes[n + 1], sizes[n]) for n in range(5)}
    assert pairs(propose(network, file)) == {f"fc{n + 1}.weight": [f"net.{2 * n}.weight"] for n in range(5)}


def test_blocks_that_count_backwards_are_no_more_than_guesses_where_their_shapes_are_the_same():
    network: Shapes = {"decoder.conv_in.weight": (64, 4, 3, 3)}
    file: Shapes = {"decoder.conv_in.weight": (64, 4, 3, 3)}
    for n, width in enumerate((16, 32, 64, 64)):
        for k in range(2):
            file[f"decoder.up.{n}.block.{k}.conv.weight"] = (width, width, 3, 3)
            network[f"decoder.up_blocks.{3 - n}.resnets.{k}.conv.weight"] = (width, width, 3, 3)
    for each in (file, dict(reversed(file.items()))):
        found = propose(network, each)
        for link in found.links:
            n, k = (
                (int(part) for part in link.file[0].split(".") if part.isdecimal()) if "up" in link.file[0] else (9, 9)
            )
            if n != 9 and link.certainty != "guess":
                assert link.network == (f"decoder.up_blocks.{3 - n}.resnets.{k}.conv.weight",)


def test_two_of_llama_s_letters_without_the_third_say_nothing():
    network: Shapes = {"model.embed.weight": (90, 8)}
    file: Shapes = {"model.embed.weight": (90, 8)}
    for n in range(3):
        network |= {f"model.layers.{n}.mlp.{x}_proj.weight": (20, 8) for x in ("gate", "up")}
        network[f"model.layers.{n}.mlp.down_proj.weight"] = (8, 20)
        file |= {f"model.h.{n}.mlp.{x}.weight": (20, 8) for x in ("w1", "w2")}
        file[f"model.h.{n}.mlp.c_proj.weight"] = (8, 20)
    found = propose(network, file)
    assert {link.certainty for link in found.links if ".w1." in link.file[0] or ".w2." in link.file[0]} <= {"guess"}


def test_in_the_table_of_the_python_whole_names_come_before_templates():
    """Phi: `layers.1.ln` to `layers.4.ln` are norms of blocks, `layers.5.ln` is the last one."""
    network: Shapes = {"net.embed.weight": (90, 8), "net.final_norm.weight": (8,), "head.weight": (90, 8)}
    file: Shapes = {"layers.0.wte.weight": (90, 8), "layers.5.ln.weight": (8,), "layers.5.linear.weight": (90, 8)}
    for n in range(4):
        network |= {f"net.layers.{n}.norm.weight": (8,), f"net.layers.{n}.mlp.fc1.weight": (32, 8)}
        file |= {f"layers.{n + 1}.ln.weight": (8,), f"layers.{n + 1}.mlp.fc1.weight": (32, 8)}
    found = propose(network, file)
    tensors = {name: torch.randn(shape) for name, shape in file.items()}
    state = ran(found, tensors)
    assert state.keys() == network.keys()
    assert all(state[new] is tensors[old] for old, (new,) in pairs(found).items())
