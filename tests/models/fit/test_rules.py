"""Of `votes` and `rules`: the rules that are found, as a user reads them."""

from __future__ import annotations

from models.fit.proposal import propose


def rules(network, file):
    return [(rule.old, rule.new, rule.keys, rule.certainty) for rule in propose(network, file).rules]


BLOCKS = [f"blocks.{n}.{leaf}" for n in range(3) for leaf in ("norm.weight", "fc.weight", "fc.bias")]
NETWORK = {name: (4, 4) if name.endswith("fc.weight") else (4,) for name in BLOCKS}


def test_a_wrapper_before_every_name():
    assert rules(NETWORK, {f"module.{name}": shape for name, shape in NETWORK.items()}) == [
        ("module.", "", 9, "certain")
    ]


def test_a_wrapper_within_names_and_one_put_in():
    inside = {name.replace(".fc.", "._orig_mod.fc."): shape for name, shape in NETWORK.items()}
    assert rules(NETWORK, inside) == [("._orig_mod.", ".", 6, "certain")]
    assert rules(inside, NETWORK) == [(".fc.", "._orig_mod.fc.", 6, "certain")]


def test_of_two_copies_the_one_that_is_no_average_is_taken():
    file = {f"{head}.{name}": shape for head in ("ema", "model") for name, shape in NETWORK.items()}
    proposal = propose(NETWORK, file)
    assert rules(NETWORK, file) == [("model.", "", 9, "certain")]
    assert [rule.note for rule in proposal.rules] == ["ema. fits as well"]


def test_of_two_copies_that_are_named_alike_none_is_certain():
    file = {f"{head}.{name}": shape for head in ("left", "right") for name, shape in NETWORK.items()}
    assert {certainty for *_, certainty in rules(NETWORK, file)} <= {"likely", "guess"}


def test_a_weight_does_not_become_a_bias():
    assert rules({"a.weight": (4,), "b.weight": (2,), "c.weight": (3,)}, {"a.bias": (4,), "b.bias": (2,)}) == []


def test_layers_with_another_word_and_other_numbers():
    file = {name.replace("blocks", "layers"): shape for name, shape in NETWORK.items()}
    assert rules(NETWORK, file) == [("layers.", "blocks.", 9, "certain")]


def test_a_wrapper_before_names_that_change_too_is_a_rule_of_its_own():
    file = {f"state_dict.module.{name.replace('blocks', 'h')}": shape for name, shape in NETWORK.items()}
    file["state_dict.module.first.weight"] = (7, 4)
    network = {**NETWORK, "first.weight": (7, 4)}
    assert rules(network, file) == [
        ("state_dict.module.", "", 10, "certain"),
        ("h.", "blocks.", 9, "certain"),
    ]


def test_a_wrapper_and_a_part_that_all_names_have_are_one_rule():
    file = {f"state_dict.model.{name}": shape for name, shape in NETWORK.items()}
    assert rules(NETWORK, file) == [("state_dict.model.", "", 9, "certain")]


def test_weights_that_a_library_calls_w_are_weights_in_their_modules():
    wide, narrow = {"attn.wo": (8, 8), "ffn.w1": (16, 8), "ffn.w2": (8, 16)}, ("attn_norm", "ffn_norm")
    ours = {"attn.wo": "self_attn.o_proj", "ffn.w1": "mlp.gate_proj", "ffn.w2": "mlp.down_proj",
            "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm"}  # fmt: skip
    for weight, bias in (("w", "b"), ("weights", "biases")):
        right = {}
        for n in range(4):
            right |= {f"x.layers.{n}.{module}.{weight}": f"model.layers.{n}.{ours[module]}.weight" for module in ours}
            right |= {f"x.layers.{n}.{module}.{bias}": f"model.layers.{n}.{ours[module]}.bias" for module in narrow}
        file = {name: wide.get(".".join(name.split(".")[3:-1]), (8,)) for name in right}
        proposal = propose({right[name]: shape for name, shape in file.items()}, file)
        assert {name: [network] for name, network in right.items()} == proposal.mapping()
