"""Every layer of `torch.nn`, with an input that suits it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from tests.sound.family import Sound, floats, tokens

Make = Callable[[], nn.Module]
Inputs = Callable[[], tuple[Any, ...]]


def _batch(*shape: int) -> Inputs:
    return lambda: (floats(8, *shape),)


def _targets(*shape: int) -> Inputs:
    return lambda: (floats(*shape), floats(*shape))


def _signs(size: int) -> Inputs:
    return lambda: (floats(8, size), torch.randint(0, 2, (8, size)) * 2.0 - 1)


ROW, LINE, IMAGE, BODY = _batch(6), _batch(4, 12), _batch(4, 8, 8), _batch(4, 6, 6, 6)

MADE: tuple[tuple[type[nn.Module], tuple[Any, ...], dict[str, Any], Inputs], ...] = (
    # activations
    *((each, (), {}, ROW) for each in (
        nn.CELU, nn.ELU, nn.GELU, nn.Hardshrink, nn.Hardsigmoid, nn.Hardswish, nn.Hardtanh, nn.LeakyReLU, nn.LogSigmoid,
        nn.Mish, nn.PReLU, nn.ReLU, nn.ReLU6, nn.RReLU, nn.SELU, nn.SiLU, nn.Sigmoid, nn.Softplus, nn.Softshrink,
        nn.Softsign, nn.Tanh, nn.Tanhshrink, nn.GLU, nn.Identity, nn.Dropout, nn.AlphaDropout, nn.FeatureAlphaDropout,
    )),
    (nn.Threshold, (0.1, 0.0), {}, ROW), (nn.Softmax, (-1,), {}, ROW), (nn.Softmin, (-1,), {}, ROW),
    (nn.LogSoftmax, (-1,), {}, ROW), (nn.Softmax2d, (), {}, IMAGE),
    # linear ones and tables
    (nn.Linear, (6, 5), {}, ROW), (nn.Bilinear, (6, 5, 4), {}, lambda: (floats(8, 6), floats(8, 5))),
    (nn.LazyLinear, (5,), {}, ROW), (nn.Embedding, (50, 6), {}, lambda: (tokens(8, 5),)),
    (nn.EmbeddingBag, (50, 6), {}, lambda: (tokens(8, 5),)),
    (nn.AdaptiveLogSoftmaxWithLoss, (6, 40, [10, 20]), {}, lambda: (floats(8, 6), tokens(8, below=40))),
    # convolutions
    (nn.Conv1d, (4, 5, 3), {}, LINE), (nn.Conv2d, (4, 5, 3), {}, IMAGE), (nn.Conv3d, (4, 5, 3), {}, BODY),
    (nn.ConvTranspose1d, (4, 5, 3), {}, LINE), (nn.ConvTranspose2d, (4, 5, 3), {}, IMAGE),
    (nn.ConvTranspose3d, (4, 5, 3), {}, BODY), (nn.LazyConv1d, (5, 3), {}, LINE), (nn.LazyConv2d, (5, 3), {}, IMAGE),
    (nn.LazyConv3d, (5, 3), {}, BODY), (nn.LazyConvTranspose1d, (5, 3), {}, LINE),
    (nn.LazyConvTranspose2d, (5, 3), {}, IMAGE), (nn.LazyConvTranspose3d, (5, 3), {}, BODY),
    (nn.Unfold, (3,), {}, IMAGE), (nn.Fold, ((8, 8), 2), {"stride": 2}, lambda: (floats(4, 16, 16),)),
    # norms
    (nn.BatchNorm1d, (6,), {}, ROW), (nn.BatchNorm2d, (4,), {}, IMAGE), (nn.BatchNorm3d, (4,), {}, BODY),
    (nn.LazyBatchNorm1d, (), {}, ROW), (nn.LazyBatchNorm2d, (), {}, IMAGE), (nn.LazyBatchNorm3d, (), {}, BODY),
    (nn.InstanceNorm1d, (4,), {}, LINE), (nn.InstanceNorm2d, (4,), {}, IMAGE), (nn.InstanceNorm3d, (4,), {}, BODY),
    (nn.LazyInstanceNorm1d, (), {}, LINE), (nn.LazyInstanceNorm2d, (), {}, IMAGE),
    (nn.LazyInstanceNorm3d, (), {}, BODY), (nn.GroupNorm, (2, 4), {}, IMAGE), (nn.LayerNorm, (6,), {}, ROW),
    (nn.RMSNorm, (6,), {}, ROW), (nn.LocalResponseNorm, (2,), {}, IMAGE),
    (nn.CrossMapLRN2d, (3,), {}, IMAGE),
    # pools
    (nn.MaxPool1d, (2,), {}, LINE), (nn.MaxPool2d, (2,), {}, IMAGE), (nn.MaxPool3d, (2,), {}, BODY),
    (nn.AvgPool1d, (2,), {}, LINE), (nn.AvgPool2d, (2,), {}, IMAGE), (nn.AvgPool3d, (2,), {}, BODY),
    (nn.LPPool1d, (2, 2), {}, LINE), (nn.LPPool2d, (2, 2), {}, IMAGE), (nn.LPPool3d, (2, 2), {}, BODY),
    (nn.AdaptiveMaxPool1d, (3,), {}, LINE), (nn.AdaptiveMaxPool2d, (3,), {}, IMAGE),
    (nn.AdaptiveMaxPool3d, (3,), {}, BODY), (nn.AdaptiveAvgPool1d, (3,), {}, LINE),
    (nn.AdaptiveAvgPool2d, (3,), {}, IMAGE), (nn.AdaptiveAvgPool3d, (3,), {}, BODY),
    (nn.FractionalMaxPool2d, (2, 3), {}, IMAGE), (nn.FractionalMaxPool3d, (2, 3), {}, BODY),
    (nn.MaxUnpool1d, (2,), {}, lambda: nn.MaxPool1d(2, return_indices=True)(floats(8, 4, 12))),
    (nn.MaxUnpool2d, (2,), {}, lambda: nn.MaxPool2d(2, return_indices=True)(floats(8, 4, 8, 8))),
    (nn.MaxUnpool3d, (2,), {}, lambda: nn.MaxPool3d(2, return_indices=True)(floats(8, 4, 6, 6, 6))),
    # shapes
    *((each, (1,), {}, LINE) for each in (
        nn.ReflectionPad1d, nn.ReplicationPad1d, nn.ZeroPad1d, nn.CircularPad1d)),
    *((each, (1,), {}, IMAGE) for each in (
        nn.ReflectionPad2d, nn.ReplicationPad2d, nn.ZeroPad2d, nn.CircularPad2d)),
    *((each, (1,), {}, BODY) for each in (
        nn.ReflectionPad3d, nn.ReplicationPad3d, nn.ZeroPad3d, nn.CircularPad3d)),
    (nn.ConstantPad1d, (1, 0.5), {}, LINE), (nn.ConstantPad2d, (1, 0.5), {}, IMAGE),
    (nn.ConstantPad3d, (1, 0.5), {}, BODY), (nn.Flatten, (), {}, IMAGE), (nn.Unflatten, (1, (2, 3)), {}, ROW),
    (nn.PixelShuffle, (2,), {}, IMAGE), (nn.PixelUnshuffle, (2,), {}, IMAGE), (nn.ChannelShuffle, (2,), {}, IMAGE),
    (nn.Upsample, (), {"scale_factor": 2}, IMAGE), (nn.UpsamplingNearest2d, (), {"scale_factor": 2}, IMAGE),
    (nn.UpsamplingBilinear2d, (), {"scale_factor": 2}, IMAGE), (nn.Dropout1d, (), {}, LINE),
    (nn.Dropout2d, (), {}, IMAGE), (nn.Dropout3d, (), {}, BODY),
    # recurrent ones
    (nn.RNN, (6, 5), {}, _batch(3, 6)), (nn.LSTM, (6, 5), {}, _batch(3, 6)), (nn.GRU, (6, 5), {}, _batch(3, 6)),
    (nn.RNNCell, (6, 5), {}, ROW), (nn.LSTMCell, (6, 5), {}, ROW), (nn.GRUCell, (6, 5), {}, ROW),
    # attention
    (nn.MultiheadAttention, (8, 2), {}, lambda: (floats(5, 4, 8),) * 3),
    (nn.Transformer, (8, 2, 1, 1, 16), {}, lambda: (floats(5, 4, 8), floats(3, 4, 8))),
    (nn.TransformerEncoderLayer, (8, 2, 16), {}, lambda: (floats(5, 4, 8),)),
    (nn.TransformerDecoderLayer, (8, 2, 16), {}, lambda: (floats(3, 4, 8), floats(5, 4, 8))),
    # distances and losses
    (nn.CosineSimilarity, (), {}, _targets(8, 6)), (nn.PairwiseDistance, (), {}, _targets(8, 6)),
    *((each, (), {}, _targets(8, 6)) for each in (nn.L1Loss, nn.MSELoss, nn.SmoothL1Loss, nn.HuberLoss)),
    (nn.CrossEntropyLoss, (), {}, lambda: (floats(8, 6), tokens(8, below=6))),
    (nn.NLLLoss, (), {}, lambda: (floats(8, 6).log_softmax(-1), tokens(8, below=6))),
    (nn.NLLLoss2d, (), {}, lambda: (floats(4, 6, 3, 3).log_softmax(1), tokens(4, 3, 3, below=6))),
    (nn.PoissonNLLLoss, (), {}, lambda: (floats(8, 6), torch.rand(8, 6))),
    (nn.GaussianNLLLoss, (), {}, lambda: (floats(8, 6), floats(8, 6), torch.rand(8, 6) + 0.1)),
    (nn.KLDivLoss, (), {"reduction": "batchmean"}, lambda: (floats(8, 6).log_softmax(-1), floats(8, 6).softmax(-1))),
    (nn.BCELoss, (), {}, lambda: (torch.rand(8, 6), torch.rand(8, 6))),
    (nn.BCEWithLogitsLoss, (), {}, lambda: (floats(8, 6), torch.rand(8, 6))),
    (nn.MarginRankingLoss, (), {}, lambda: (floats(8), floats(8), torch.ones(8))),
    (nn.HingeEmbeddingLoss, (), {}, _signs(6)), (nn.SoftMarginLoss, (), {}, _signs(6)),
    (nn.MultiLabelMarginLoss, (), {}, lambda: (floats(8, 6), torch.randint(0, 6, (8, 6)))),
    (nn.MultiLabelSoftMarginLoss, (), {}, lambda: (floats(8, 6), torch.rand(8, 6).round())),
    (nn.MultiMarginLoss, (), {}, lambda: (floats(8, 6), tokens(8, below=6))),
    (nn.CosineEmbeddingLoss, (), {}, lambda: (floats(8, 6), floats(8, 6), torch.ones(8))),
    (nn.TripletMarginLoss, (), {}, lambda: (floats(8, 6), floats(8, 6), floats(8, 6))),
    (nn.TripletMarginWithDistanceLoss, (), {}, lambda: (floats(8, 6), floats(8, 6), floats(8, 6))),
    (nn.CTCLoss, (), {}, lambda: (
        floats(12, 4, 6).log_softmax(-1), tokens(4, 3, below=6), torch.full((4,), 12), torch.full((4,), 3))),
)  # fmt: skip

COMPOSED: tuple[tuple[type[nn.Module], Make, Inputs], ...] = (
    (nn.Sequential, lambda: nn.Sequential(nn.Linear(6, 4), nn.Tanh()), ROW),
    (nn.TransformerEncoder, lambda: nn.TransformerEncoder(
        nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2), lambda: (floats(4, 5, 8),)),
    (nn.TransformerDecoder, lambda: nn.TransformerDecoder(
        nn.TransformerDecoderLayer(8, 2, 16), 2), lambda: (floats(3, 4, 8), floats(5, 4, 8))),
)  # fmt: skip

WITHOUT_FORWARD = {
    "Container", "DataParallel", "Module", "ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "RNNBase",
    "RNNCellBase", "SyncBatchNorm",
}  # fmt: skip
"""Bases and holders, and what needs several devices."""


def _made(kind: type[nn.Module], args: tuple[Any, ...], kwargs: dict[str, Any], inputs: Inputs) -> Sound:
    return Sound(kind.__name__, lambda: kind(*args, **kwargs), inputs)


NEWER: dict[str, tuple[tuple[Any, ...], Inputs]] = {
    "LinearCrossEntropyLoss": ((6, 5), lambda: (floats(8, 6), tokens(8, below=5))),
}
"""What not every torch has."""

SOUND = (
    *(_made(*each) for each in MADE),
    *(_made(getattr(nn, name), args, {}, inputs) for name, (args, inputs) in NEWER.items() if hasattr(nn, name)),
    *(Sound(kind.__name__, make, inputs) for kind, make, inputs in COMPOSED),
)
