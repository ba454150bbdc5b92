"""Whole networks, with the names and shapes of their published checkpoints.

All files of `models/checkpoint/inference/` together.
"""

from __future__ import annotations

from collections.abc import Callable

WIDTHS = {"q": 4096, "k": 1024, "v": 1024, "o": 4096}
Text = Callable[..., "str | None"]


def linear(name: str, inputs: int, outputs: int, bias: bool = True) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (outputs, inputs)} | ({f"{name}.bias": (outputs,)} if bias else {})


def norm(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def test_gpt2(text: Text) -> None:
    net = {"wte.weight": (50257, 768), "wpe.weight": (1024, 768), **norm("h.0.ln_1", 768), **norm("h.0.ln_2", 768)}
    net |= {"h.0.attn.bias": (1, 1, 1024, 1024), "h.0.attn.c_attn.weight": (768, 2304), "h.0.attn.c_attn.bias": (2304,)}
    net |= {"h.0.attn.c_proj.weight": (768, 768), "h.0.attn.c_proj.bias": (768,), "h.0.mlp.c_fc.weight": (768, 3072)}
    net |= {"h.0.mlp.c_fc.bias": (3072,), "h.0.mlp.c_proj.weight": (3072, 768), "h.0.mlp.c_proj.bias": (768,)}
    assert text(net, "wte") == "Embedding 50257 × 768"
    assert text(net, "wpe") == "Embedding 1024 × 768"
    assert text(net, "h") == "ModuleList 1"
    assert text(net, "h.0") == "TransformerBlock 768"
    assert text(net, "h.0.ln_1") == "LayerNorm 768"
    assert text(net, "h.0.attn") == "Attention 768"
    assert text(net, "h.0.attn.c_attn") == "Conv1D 768 → 2304"
    assert text(net, "h.0.mlp") == "MLP 768 → 3072"


def llama_layer(before: str) -> dict[str, tuple[int, ...]]:
    net = {f"{before}.input_layernorm.weight": (4096,), f"{before}.post_attention_layernorm.weight": (4096,)}
    for name, outputs in (("q", 4096), ("k", 1024), ("v", 1024), ("o", 4096)):
        net |= linear(f"{before}.self_attn.{name}_proj", 4096, outputs, False)
    for name, inputs, outputs in (("gate", 4096, 14336), ("up", 4096, 14336), ("down", 14336, 4096)):
        net |= linear(f"{before}.mlp.{name}_proj", inputs, outputs, False)
    return net


def test_llama_3_8b(text: Text) -> None:
    net = {"model.embed_tokens.weight": (128256, 4096), "model.norm.weight": (4096,), "lm_head.weight": (128256, 4096)}
    net |= llama_layer("model.layers.0") | llama_layer("model.layers.1")
    assert text(net, "model.embed_tokens") == "Embedding 128256 × 4096"
    assert text(net, "lm_head") == "Linear 4096 → 128256"
    assert text(net, "model.norm") == "RMSNorm 4096"
    assert text(net, "model.layers") == "ModuleList 2"
    assert text(net, "model.layers.1") == "TransformerBlock 4096, kv 1024"
    assert text(net, "model.layers.1.self_attn") == "Attention 4096, kv 1024"
    assert text(net, "model.layers.1.self_attn.k_proj") == "Linear 4096 → 1024"
    assert text(net, "model.layers.1.mlp") == "GatedMLP 4096 → 14336"
    assert text(net, "model") is None


def test_mixtral(text: Text) -> None:
    net = {f"l.self_attn.{name}_proj.weight": (width, 4096) for name, width in WIDTHS.items()}
    net |= linear("l.block_sparse_moe.gate", 4096, 8, False)
    for number in range(8):
        for name, inputs, outputs in (("w1", 4096, 14336), ("w2", 14336, 4096), ("w3", 4096, 14336)):
            net |= linear(f"l.block_sparse_moe.experts.{number}.{name}", inputs, outputs, False)
    assert text(net, "l.block_sparse_moe") == "MoE 8 experts"
    assert text(net, "l.block_sparse_moe.gate") == "Linear 4096 → 8"
    assert text(net, "l.block_sparse_moe.experts") == "ModuleList 8"
    assert text(net, "l.block_sparse_moe.experts.3") == "GatedMLP 4096 → 14336"
    assert text(net, "l") == "TransformerBlock 4096, kv 1024"


def test_bert(text: Text) -> None:
    net = {"embeddings.word_embeddings.weight": (30522, 768), "embeddings.token_type_embeddings.weight": (2, 768)}
    for name in ("query", "key", "value"):
        net |= linear(f"layer.0.attention.self.{name}", 768, 768)
    net |= linear("layer.0.attention.output.dense", 768, 768) | norm("layer.0.attention.output.LayerNorm", 768)
    net |= linear("layer.0.intermediate.dense", 768, 3072) | linear("layer.0.output.dense", 3072, 768)
    net |= norm("layer.0.output.LayerNorm", 768)
    assert text(net, "embeddings.word_embeddings") == "Embedding 30522 × 768"
    assert text(net, "embeddings.token_type_embeddings") == "Embedding 2 × 768"
    assert text(net, "layer.0.attention.self") == "Attention 768"
    assert text(net, "layer.0.attention") == "Attention 768"
    assert text(net, "layer.0") == "TransformerBlock 768"
    assert text(net, "layer.0.output.LayerNorm") == "LayerNorm 768"


def test_vision_transformer(text: Text) -> None:
    net = {"cls_token": (1, 1, 768), "pos_embed": (1, 197, 768), "patch_embed.proj.weight": (768, 3, 16, 16)}
    net |= {"patch_embed.proj.bias": (768,)} | norm("blocks.0.norm1", 768) | linear("blocks.0.attn.qkv", 768, 2304)
    net |= linear("blocks.0.attn.proj", 768, 768) | norm("blocks.0.norm2", 768)
    net |= linear("blocks.0.mlp.fc1", 768, 3072) | linear("blocks.0.mlp.fc2", 3072, 768) | linear("head", 768, 1000)
    assert text(net) == "VisionTransformer 768"
    assert text(net, "patch_embed") == "PatchEmbed 3 → 768, 16×16"
    assert text(net, "patch_embed.proj") == "Conv2d 3 → 768, 16×16"
    assert text(net, "blocks.0") == "TransformerBlock 768"
    assert text(net, "blocks.0.attn") == "Attention 768"
    assert text(net, "blocks.0.mlp") == "MLP 768 → 3072"
    assert text(net, "blocks.0.norm1") == "Norm 768"


def batch_norm(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return norm(name, width) | {
        f"{name}.running_mean": (width,), f"{name}.running_var": (width,), f"{name}.num_batches_tracked": (),
    }  # fmt: skip


def test_resnet_50(text: Text) -> None:
    net = {"conv1.weight": (64, 3, 7, 7), **batch_norm("bn1", 64), **linear("fc", 2048, 1000)}
    for number, shape in enumerate(((64, 64, 1, 1), (64, 64, 3, 3), (256, 64, 1, 1)), 1):
        net |= {f"layer1.0.conv{number}.weight": shape} | batch_norm(f"layer1.0.bn{number}", shape[0])
    net |= {"layer1.0.downsample.0.weight": (256, 64, 1, 1)} | batch_norm("layer1.0.downsample.1", 256)
    assert text(net, "conv1") == "Conv2d 3 → 64, 7×7"
    assert text(net, "bn1") == "BatchNorm 64"
    assert text(net, "layer1.0") == "Bottleneck 64 → 256"
    assert text(net, "layer1.0.downsample") == "Sequential"
    assert text(net, "fc") == "Linear 2048 → 1000"


def test_mamba_130m(text: Text) -> None:
    net = {"mixer.A_log": (1536, 16), "mixer.D": (1536,), "mixer.conv1d.weight": (1536, 1, 4)}
    net |= {"mixer.conv1d.bias": (1536,), "norm.weight": (768,)} | linear("mixer.in_proj", 768, 3072, False)
    net |= linear("mixer.x_proj", 1536, 80, False) | linear("mixer.dt_proj", 48, 1536)
    net |= linear("mixer.out_proj", 1536, 768, False)
    assert text(net, "mixer") == "Mamba 1536, state 16"
    assert text(net, "mixer.conv1d") == "Conv1d 1536, 4 depthwise"
    assert text(net) == "MambaBlock 1536, state 16"


def test_whisper_tiny(text: Text) -> None:
    net = {"encoder.conv1.weight": (384, 80, 3), "encoder.conv1.bias": (384,)}
    net |= {"encoder.embed_positions.weight": (1500, 384)} | norm("encoder.layers.0.self_attn_layer_norm", 384)
    for name in ("q", "k", "v", "out"):
        net |= linear(f"encoder.layers.0.self_attn.{name}_proj", 384, 384, name != "k")
    net |= linear("encoder.layers.0.fc1", 384, 1536) | linear("encoder.layers.0.fc2", 1536, 384)
    assert text(net, "encoder.conv1") == "Conv1d 80 → 384, 3"
    assert text(net, "encoder.embed_positions") == "Embedding 1500 × 384"
    assert text(net, "encoder.layers.0.self_attn_layer_norm") == "LayerNorm 384"
    assert text(net, "encoder.layers.0.self_attn") == "Attention 384"
    assert text(net, "encoder.layers.0") == "TransformerBlock 384"


def test_gguf_of_llama(text: Text) -> None:
    net: dict[str, object] = {"token_embd.weight": ((128256, 4096), "Q4_K"), "output.weight": ((128256, 4096), "Q6_K")}
    shapes = {"attn_q": (4096, 4096), "attn_k": (1024, 4096), "attn_v": (1024, 4096), "attn_output": (4096, 4096)}
    shapes |= {"ffn_gate": (14336, 4096), "ffn_up": (14336, 4096), "ffn_down": (4096, 14336)}
    net |= {f"blk.0.{name}.weight": (shape, "Q4_K") for name, shape in shapes.items()}
    net |= {"blk.0.attn_norm.weight": (4096,), "blk.0.ffn_norm.weight": (4096,)}
    net |= {"blk.0.ffn_gate_exps.weight": ((8, 14336, 4096), "IQ2_XS")}
    assert text(net, "token_embd") == "Embedding 128256 × 4096"
    assert text(net, "output") == "Linear 4096 → 128256"
    assert text(net, "blk.0.attn_k") == "Linear 4096 → 1024"
    assert text(net, "blk.0.attn_norm") == "RMSNorm 4096"
    assert text(net, "blk.0.ffn_gate_exps") == "Experts 8 × 4096 → 14336"
    assert text(net, "blk.0") == "TransformerBlock 4096, kv 1024"
    assert text(net, "blk") == "ModuleList 1"


def test_torchs_own_layers(text: Text) -> None:
    net = {"self_attn.in_proj_weight": (1536, 512), "self_attn.in_proj_bias": (1536,)}
    net |= linear("self_attn.out_proj", 512, 512) | linear("linear1", 512, 2048) | linear("linear2", 2048, 512)
    net |= norm("norm1", 512) | norm("norm2", 512)
    assert text(net, "self_attn") == "MultiheadAttention 512"
    assert text(net) == "TransformerEncoderLayer 512"
    assert text({"0.weight": (8, 4), "0.bias": (8,), "2.weight": (4, 8), "2.bias": (4,)}) == "Sequential"


def test_deepseek_and_gpt_oss(text: Text) -> None:
    net = linear("a.q_a_proj", 7168, 1536, False) | linear("a.kv_a_proj_with_mqa", 7168, 576, False)
    net |= linear("a.kv_b_proj", 512, 32768, False)
    assert text(net, "a") == "Attention 7168, latent kv"
    moe = linear("m.router", 2880, 32) | {"m.experts.gate_up_proj": (32, 2880, 5760)}
    moe |= {"m.experts.down_proj": (32, 2880, 2880)}
    assert text(moe, "m.experts") == "Experts 32 × 2880 → 2880"
    assert text(moe, "m") == "MoE 32 experts"
