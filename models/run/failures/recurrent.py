"""RNN, LSTM, GRU and their cells: another number of features, a state for another batch, swapped dimensions."""

from __future__ import annotations

from torch import Tensor, nn

from .failed_call import FailedCall
from .words import counted, sizes

_CELLS = ("lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell")


def hint(failed: FailedCall) -> str:
    """Return why a recurrent layer failed, with what fits; empty for anything else."""
    layer = failed.module
    if isinstance(layer, nn.RNNCellBase) and failed.op in _CELLS:
        return _features(failed, failed.tensor(0, "input"), layer.input_size) or _state_of_cell(failed, layer)
    if not isinstance(layer, nn.RNNBase) or failed.is_operation:
        return ""
    given = failed.tensor(0, "input")
    if given is None:
        return ""
    if given.dim() not in (2, 3):
        order = "[batch, time, features]" if layer.batch_first else "[time, batch, features]"
        return f"{failed.name} takes {order} or [time, features], got {sizes(given.shape)}{failed.given(given)}"
    return _features(failed, given, layer.input_size) or _state(failed, layer, given)


def _features(failed: FailedCall, given: Tensor | None, wanted: int) -> str:
    if given is None or not given.dim() or given.shape[-1] == wanted:
        return ""
    got = given.shape[-1]
    said = f"{failed.name} expects {counted(wanted, 'feature')}, got {got:,}{failed.given(given)}"
    mends = []
    if failed.is_input(given):
        mends.append(f"an input of {sizes([*given.shape[:-1], wanted])}")
    if given.dim() == 3 and given.shape[1] == wanted:
        return f"{said}; dimension 1 of {sizes(given.shape)} is {wanted:,}: `.transpose(1, 2)` before it fits"
    if failed.may_change:
        mends.append(f"`input_size={got}`")
    return f"{said}: {mends[0]} fits" + "".join(f", or {each}" for each in mends[1:]) if mends else said


def _state_of_cell(failed: FailedCall, layer: nn.RNNCellBase) -> str:
    given, state = failed.tensor(0, "input"), failed.argument(1, "hx")
    state = state[0] if isinstance(state, (tuple, list)) and state else state
    if given is None or not isinstance(state, Tensor) or given.dim() not in (1, 2):
        return ""
    expected = [*given.shape[:-1], layer.hidden_size]
    if list(state.shape) == expected:
        return ""
    said = f"the state of {failed.name} is {sizes(state.shape)}{failed.given(state)}, and its input"
    return f"{said} {sizes(given.shape)}{failed.given(given)} needs {sizes(expected)}"


def _state(failed: FailedCall, layer: nn.RNNBase, given: Tensor) -> str:
    state = failed.argument(1, "hx")
    several = isinstance(state, (tuple, list))  # torch takes a list for a tuple
    if several is not isinstance(layer, nn.LSTM) and state is not None:
        return _of_other_kind(failed, layer, state)
    states = [each for each in (state if isinstance(state, (tuple, list)) else (state,)) if isinstance(each, Tensor)]
    if not states or given.dim() != 3:
        return ""
    layers = layer.num_layers * (2 if layer.bidirectional else 1)
    batch, other = (given.shape[0], given.shape[1]) if layer.batch_first else (given.shape[1], given.shape[0])
    hidden = [layer.proj_size or layer.hidden_size, layer.hidden_size][: len(states)]
    expected = [[layers, batch, width] for width in hidden]
    got = [list(each.shape) for each in states]
    if got == expected:
        return ""
    first = next(index for index, pair in enumerate(zip(got, expected, strict=True)) if pair[0] != pair[1])
    said = f"the state of {failed.name} is {sizes(got[first])}{failed.given(states[first])}, and its input"
    said += f" {sizes(given.shape)} needs {sizes(expected[first])}, [layers and directions, batch, features]"
    if got == [[layers, other, width] for width in hidden]:
        mend = f"batch_first={not layer.batch_first}"
        return f"{said}: `{mend}` fits, where dimension {1 if layer.batch_first else 0} of the input is the batch"
    if got == [[batch, layers, width] for width in hidden]:
        return f"{said}: `.transpose(0, 1)` of the state fits"
    if got == [[layers, width] for width in hidden] and batch == 1:
        return f"{said}: `.unsqueeze(1)` of the state fits"
    return said


def _of_other_kind(failed: FailedCall, layer: nn.RNNBase, state: object) -> str:
    """Return that an LSTM takes two states, and the others one."""
    kind = type(layer).__name__
    if isinstance(layer, nn.LSTM):
        got = "one tensor" if isinstance(state, Tensor) else f"a {type(state).__name__}"
        return f"{failed.name} (LSTM) takes its state as a tuple (h, c), got {got}"
    got = f"a {type(state).__name__} as an LSTM's"
    return f"{failed.name} ({kind}) takes one tensor as its state, got {got}: its first fits"
