"""What an operation costs, from its name and the shapes of what it read and gave.

FLOPs are counted 2 for each multiplication with its addition, as products of matrices and convolutions do them;
operations on single elements apart.  An operation that is in no table is not counted, which is not 0.

The convention for products is that of `torch.utils.flop_counter`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import torch
from torch import Tensor

Cost = tuple[int, int]
"""What one operation does: its FLOPs, of products 2 for each multiplication with its addition; and its operations on
single elements, such as additions of biases, activations, sums."""
FREE: Cost = 0, 0
_numel = torch._C.TensorBase.numel
Shapes = Sequence[torch.Size]


def cost_of(name: str, tensors: Sequence[Tensor], outputs: Sequence[Tensor], texts: Sequence[str] = ()) -> Cost | None:
    """Return the cost of an operation; None where it is not counted.

    Args:
        name: of the operation, as `operation_name` gives it.
        tensors: those among its arguments, in order.
        outputs: those in its result, in order.
        texts: the texts among its arguments, such as the equation of `einsum`.
    """
    kind = _KIND.get(name)
    if kind is None or kind == "free":
        return FREE if kind else None
    try:
        if kind == "result":
            return 0, _numel(outputs[0]) if len(outputs) == 1 else sum([_numel(tensor) for tensor in outputs])
        if kind == "given":
            return 0, _numel(tensors[0]) if tensors else 0
        for tensor in tensors:
            if tensor.layout is not torch.strided or tensor.is_quantized:
                return None  # the shapes say nothing of what is computed
        name = name.rstrip("_") if name[0] != "_" else name
        if name == "einsum":
            return _einsum(texts, tensors)
        flops = _PRODUCTS[name]([tensor.shape for tensor in tensors], [tensor.shape for tensor in outputs])
        return (flops, 0) if type(flops) is int else None  # a symbol, where sizes depend on values
    except Exception:  # other arguments than the formula knows; a class that computes its shape, and fails
        return None


def has_formula(name: str) -> bool:
    """Return whether what an operation costs follows from its name and shapes, for most arguments."""
    return name in _KIND and name != "einsum"


def is_free(name: str) -> bool:
    """Return whether an operation moves, makes or compares data, and computes nothing of it."""
    return name.rstrip("_") in _MOVES


def gives_new_memory(name: str) -> bool:
    """Return whether what an operation gives is never a view of what it read; False where it may be one."""
    return name in _COMPUTED


def is_elementwise(name: str) -> bool:
    """Return whether each element of the result comes from those at its own place in the arguments."""
    return name.rstrip("_") in _OF_OUTPUT


def _linear(given: Shapes, result: Shapes) -> int:
    return 2 * prod(result[0]) * given[1][-1]


def _matmul(given: Shapes, result: Shapes) -> int:
    return 2 * prod(result[0]) * given[0][-1]


def _rmatmul(given: Shapes, result: Shapes) -> int:
    return 2 * prod(result[0]) * given[1][-1]


def _added_matmul(given: Shapes, result: Shapes) -> int:
    return 2 * prod(result[0]) * given[1][-1]


def _addbmm(given: Shapes, result: Shapes) -> int:
    return 2 * prod(result[0]) * given[1][-1] * given[1][0]


def _grouped(given: Shapes, result: Shapes) -> int:
    """Each row, or each column, belongs to one of the groups: together they are as many products as one of all."""
    if len(given[0]) == len(given[1]) == 2:  # the inner dimension is cut into groups, each with a matrix of its own
        return 2 * prod(given[0]) * given[1][-1]
    return _matmul(given, result)


def _outer(given: Shapes, result: Shapes) -> int:
    return 2 * prod(result[0])


def _convolution(given: Shapes, result: Shapes) -> int:
    return 2 * prod(result[0]) * prod(given[1][1:])


def _transposed_convolution(given: Shapes, result: Shapes) -> int:
    return 2 * prod(given[0]) * prod(given[1][1:])


def _bilinear(given: Shapes, result: Shapes) -> int:
    return 3 * prod(given[0][:-1]) * prod(given[2])


def _attention(given: Shapes, result: Shapes) -> int:
    query, key, value = given[:3]
    return 2 * prod(query[:-1]) * key[-2] * (query[-1] + value[-1])


def _multi_head_attention(given: Shapes, result: Shapes) -> int:
    query, key, value = given[:3]
    width = query[-1]
    batch = query[1] if len(query) == 3 else 1
    projections = 2 * width * (prod(query) * 2 + prod(key) + prod(value))
    return projections + 4 * batch * query[0] * key[0] * width


def _recurrent(states: int) -> Callable[[Shapes, Shapes], int]:
    def formula(given: Shapes, result: Shapes) -> int:
        packed = len(given[1]) == 1  # the sizes of the batch, step by step
        rows = prod(given[0][:-1])
        return 2 * rows * sum(prod(shape) for shape in given[1 + packed + states :] if len(shape) == 2)

    return formula


def _einsum(texts: Sequence[str], tensors: Sequence[Tensor]) -> Cost | None:
    """Return the cost of a product of two tensors by its equation; of more it depends on their order."""
    if len(tensors) != 2 or not texts or "." in texts[0]:
        return None
    taken, _, given = texts[0].replace(" ", "").partition("->")
    sizes: dict[str, int] = {}
    for labels, tensor in zip(taken.split(","), tensors, strict=True):
        sizes.update(zip(labels, tensor.shape, strict=True))
    return (2 * prod(sizes.values()), 0) if set(sizes) - set(given) else (0, prod(sizes.values()))


_PRODUCTS: dict[str, Callable[[Shapes, Shapes], int]] = {
    "linear": _linear,
    **dict.fromkeys(("matmul", "__matmul__", "mm", "bmm", "mv", "dot", "inner", "vdot"), _matmul),
    **dict.fromkeys(("rmatmul", "__rmatmul__"), _rmatmul),
    **dict.fromkeys(("addmm", "baddbmm", "addmv"), _added_matmul),
    "addbmm": _addbmm,
    **dict.fromkeys(("_grouped_mm", "grouped_mm"), _grouped),
    **dict.fromkeys(("outer", "ger", "addr"), _outer),
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), _convolution),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), _transposed_convolution),
    "bilinear": _bilinear,
    "scaled_dot_product_attention": _attention,
    "multi_head_attention_forward": _multi_head_attention,
    "lstm": _recurrent(2),
    **dict.fromkeys(("gru", "rnn_tanh", "rnn_relu"), _recurrent(1)),
    "lstm_cell": _recurrent(2),
    **dict.fromkeys(("gru_cell", "rnn_tanh_cell", "rnn_relu_cell"), _recurrent(1)),
}

_OF_OUTPUT = frozenset(
    """
    add sub rsub mul div rdiv floor_divide rfloordiv remainder rmod fmod pow rpow neg abs sign sgn square sqrt rsqrt
    exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh atan2 hypot
    sigmoid logit erf erfc erfinv lgamma digamma i0 sinc reciprocal floor ceil round trunc frac clamp clip clamp_min
    clamp_max minimum maximum fmin fmax where lerp addcmul addcdiv nan_to_num deg2rad rad2deg xlogy float_power
    relu relu6 leaky_relu rrelu prelu elu selu celu gelu silu mish softplus softsign hardtanh hardsigmoid hardswish
    hardshrink softshrink tanhshrink threshold logsigmoid glu dropout dropout1d dropout2d dropout3d alpha_dropout
    feature_alpha_dropout masked_fill eq ne lt le gt ge __and__ __or__ __xor__ __invert__ logical_and logical_or
    logical_xor logical_not bitwise_and bitwise_or bitwise_xor bitwise_not isnan isinf isfinite isclose real imag
    complex polar angle conj bernoulli positive true_divide multiply subtract divide negative absolute
    """.split()  # noqa: SIM905
)
"""One operation for each element of the result."""
_OF_INPUT = frozenset(
    """
    sum mean std var std_mean var_mean prod amax amin aminmax max min argmax argmin all any norm vector_norm nansum
    nanmean median logsumexp count_nonzero cumsum cumprod cummax cummin logcumsumexp softmax log_softmax softmin
    gumbel_softmax layer_norm rms_norm batch_norm instance_norm group_norm normalize local_response_norm
    max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d
    adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d lp_pool1d lp_pool2d lp_pool3d
    max_pool1d_with_indices max_pool2d_with_indices max_pool3d_with_indices
    adaptive_max_pool1d_with_indices adaptive_max_pool2d_with_indices adaptive_max_pool3d_with_indices
    mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy binary_cross_entropy_with_logits cross_entropy
    nll_loss kl_div cosine_similarity pairwise_distance
    """.split()  # noqa: SIM905
)
"""About one for each element of the first argument."""
_MOVES = frozenset(
    """
    view reshape flatten unflatten squeeze unsqueeze transpose permute t T mT H mH swapaxes swapdims movedim moveaxis
    expand expand_as view_as reshape_as contiguous clone detach copy to float double half bfloat16 int long short bool
    byte cpu cuda type type_as chunk split split_with_sizes tensor_split unbind narrow select slice __getitem__
    __setitem__ index_select gather scatter index_put index_copy index_fill take take_along_dim masked_select
    masked_scatter cat concat concatenate stack hstack vstack dstack column_stack block_diag repeat
    repeat_interleave tile roll flip fliplr flipud rot90 pad embedding embedding_bag one_hot unfold diagonal diag
    diag_embed tril triu zeros ones full empty zeros_like ones_like full_like empty_like rand randn randint rand_like
    randn_like randperm arange linspace eye tensor as_tensor from_numpy new_zeros new_ones new_full new_empty
    new_tensor zero fill normal uniform item tolist numpy __bool__ __float__ __int__ __index__ __contains__ nonzero
    broadcast_to broadcast_tensors meshgrid atleast_1d atleast_2d atleast_3d ravel as_strided pixel_shuffle
    pixel_unshuffle channel_shuffle view_as_real view_as_complex resolve_conj tril_indices triu_indices data
    requires_grad sort topk argsort searchsorted bucketize unique equal allclose
    """.split()  # noqa: SIM905
)
"""What moves, makes or compares data and computes nothing of it."""


def _kinds() -> dict[str, str]:
    """Return by name what its cost is found from; `add_` is as `add`."""
    found = dict.fromkeys((*_PRODUCTS, "einsum"), "product")
    found |= dict.fromkeys(_OF_INPUT, "given") | dict.fromkeys(_OF_OUTPUT, "result") | dict.fromkeys(_MOVES, "free")
    return found | {f"{name}_": kind for name, kind in found.items() if not name.startswith("__")}


_KIND = _kinds()
_COMPUTED = frozenset((*_PRODUCTS, *_OF_INPUT, *_OF_OUTPUT)) - {"real", "imag", "conj", "positive"}
