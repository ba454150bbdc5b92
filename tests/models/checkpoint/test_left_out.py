"""What transformers leaves out of its files: facts of version 5.24, by `save_pretrained` of small networks."""

from __future__ import annotations

from typing import Any

import pytest

from models.checkpoint.left_out import left_out, may_leave_out

TIED = {"tie_word_embeddings": True}
SIDES = ["encoder.block.0.w", "decoder.block.0.w"]
BERT = "bert.embeddings.word_embeddings.weight"
FAMILIES: list[tuple[str, list[str], dict[str, str]]] = [
    (
        "T5ForConditionalGeneration",
        ["shared.weight", *SIDES],
        {
            "encoder.embed_tokens.weight": "shared.weight",
            "decoder.embed_tokens.weight": "shared.weight",
            "lm_head.weight": "shared.weight",
        },
    ),
    ("T5EncoderModel", ["shared.weight", SIDES[0]], {"encoder.embed_tokens.weight": "shared.weight"}),
    (
        "BartForSequenceClassification",
        ["model.shared.weight", *(f"model.{path}" for path in SIDES), "classification_head.dense.bias"],
        {
            "model.encoder.embed_tokens.weight": "model.shared.weight",
            "model.decoder.embed_tokens.weight": "model.shared.weight",
        },
    ),
    ("BartForCausalLM", ["model.decoder.embed_tokens.weight"], {"lm_head.weight": "model.decoder.embed_tokens.weight"}),
    (
        "LEDForConditionalGeneration",
        ["led.shared.weight", *(f"led.{path}" for path in SIDES), "final_logits_bias"],
        {
            "led.encoder.embed_tokens.weight": "led.shared.weight",
            "led.decoder.embed_tokens.weight": "led.shared.weight",
            "lm_head.weight": "led.shared.weight",
        },
    ),
    (
        "ProphetNetForConditionalGeneration",
        ["prophetnet.word_embeddings.weight", *(f"prophetnet.{path}" for path in SIDES)],
        {
            "prophetnet.encoder.word_embeddings.weight": "prophetnet.word_embeddings.weight",
            "prophetnet.decoder.word_embeddings.weight": "prophetnet.word_embeddings.weight",
            "lm_head.weight": "prophetnet.word_embeddings.weight",
        },
    ),
    (
        "WhisperForConditionalGeneration",
        ["model.encoder.conv1.weight", "model.decoder.embed_tokens.weight", "model.decoder.embed_positions.weight"],
        {"proj_out.weight": "model.decoder.embed_tokens.weight"},
    ),
    ("WhisperModel", ["encoder.conv1.weight", "decoder.embed_tokens.weight"], {}),
    (
        "BertForMaskedLM",
        [BERT, "bert.embeddings.position_embeddings.weight", "cls.predictions.bias"],
        {"cls.predictions.decoder.weight": BERT, "cls.predictions.decoder.bias": "cls.predictions.bias"},
    ),
    ("BertModel", [BERT.removeprefix("bert."), "encoder.layer.0.attention.self.query.bias"], {}),
    (
        "RobertaForMaskedLM",
        [f"ro{BERT}", "lm_head.bias", "lm_head.dense.weight"],
        {"lm_head.decoder.weight": f"ro{BERT}", "lm_head.decoder.bias": "lm_head.bias"},
    ),
    (
        "AlbertForMaskedLM",
        [f"al{BERT}", "predictions.bias"],
        {"predictions.decoder.weight": f"al{BERT}", "predictions.decoder.bias": "predictions.bias"},
    ),
    ("DistilBertForMaskedLM", [BERT, "vocab_projector.bias"], {"vocab_projector.weight": BERT}),
    ("ElectraForMaskedLM", [BERT, "generator_lm_head.bias"], {"generator_lm_head.weight": BERT}),
    ("GPT2DoubleHeadsModel", ["transformer.wte.weight"], {"lm_head.weight": "transformer.wte.weight"}),
    (
        "XLNetLMHeadModel",
        ["transformer.word_embedding.weight", "lm_loss.bias"],
        {"lm_loss.weight": "transformer.word_embedding.weight"},
    ),
]


def found(paths: list[str], config: dict[str, Any]) -> dict[str, str]:
    return {path: target for path, target, _ in left_out(paths, config)} if may_leave_out(config) else {}


@pytest.mark.parametrize(("name", "paths", "expected"), FAMILIES, ids=[name for name, _, _ in FAMILIES])
def test_the_names_that_a_family_leaves_out(name: str, paths: list[str], expected: dict[str, str]) -> None:
    config = {"architectures": [name], **TIED}
    assert found(paths, config) == expected
    assert found([*paths, *expected], config) == {}, "nothing is tied that is there"


def test_a_network_whose_output_is_its_own_leaves_only_the_shared_embedding_out() -> None:
    config = {"architectures": ["T5ForConditionalGeneration"], "model_type": "t5", "tie_word_embeddings": False}
    assert list(found(["shared.weight", *SIDES], config)) == [
        "encoder.embed_tokens.weight",
        "decoder.embed_tokens.weight",
    ]


def test_a_configuration_of_transformers_that_is_silent_ties_as_its_default_did() -> None:
    config = {"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2"}
    (tie,) = left_out(["transformer.wte.weight"], config)
    assert tie == (
        "lm_head.weight",
        "transformer.wte.weight",
        "the default of tie_word_embeddings, on which the configuration is silent",
    )
    assert not found(["a.embed_tokens.weight", "b.embed_tokens.weight"], {"architectures": ["AForCausalLM"], **TIED})


def test_the_output_of_a_language_model_within_another_lies_beside_its_embedding() -> None:
    config = {"architectures": ["LlavaForConditionalGeneration"], "text_config": TIED}
    old, new = "language_model.model.embed_tokens.weight", "model.language_model.embed_tokens.weight"
    assert found([old, "vision_tower.embed_tokens.weight"], config) == {"language_model.lm_head.weight": old}
    assert found([new], config) == {"lm_head.weight": new}
    assert found([new], {**config, "text_config": {}, "model_type": "llava"}) == {}
