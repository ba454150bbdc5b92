"""Weights beside the open network: what fits, the Python that loads it, and loading it."""

from __future__ import annotations

from ... import messages as m
from ...session.session import Session
from ..registry import Context, handles


@handles(m.OpenWeights, lane="main", busy=lambda request: f"reading {request.checkpoint}")
def open_weights(session: Session, request: m.OpenWeights, context: Context) -> m.Fitted:
    """Open a checkpoint beside the open network, and return what of it fits.

    Raises:
        EngineProblem: it cannot be opened, has no weights, or no network is open.
    """
    from ...session.fitting import open_weights

    return open_weights(session, request.checkpoint, trust=request.trust, on_progress=context.progress)


@handles(m.FitWeights, lane="slow")
def fit_weights(session: Session, request: m.FitWeights, context: Context) -> m.Fitted:
    """Return what of it fits with other rules.

    Raises:
        EngineProblem: none is open beside the network, or a rule of the user's own cannot be applied.
    """
    from ...session.fitting import fit_weights

    return fit_weights(session, request.choice)


@handles(m.WeightsCode, lane="slow")
def weights_code(session: Session, request: m.WeightsCode, context: Context) -> m.Exported:
    """Return the Python that loads it into `model`.

    Raises:
        EngineProblem: none is open beside the network, or a rule of the user's own cannot be applied.
    """
    from ...session.fitting import weights_code

    return weights_code(session, request.choice)


@handles(m.LoadWeights, lane="main", busy="loading weights")
def load_weights(session: Session, request: m.LoadWeights, context: Context) -> m.WeightsLoaded:
    """Load what fits, undoably.

    Raises:
        EngineProblem: not everything fits and it was to be strict; nothing fits; a tensor cannot be read.
    """
    from ...session.fitting import load_chosen

    return load_chosen(session, request.choice, strict=request.strict, on_progress=context.progress)
