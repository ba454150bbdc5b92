"""The initialisation lab: what can be chosen, previews, the signal, and carrying out."""

from __future__ import annotations

from ... import messages as m
from ...session.session import Session
from ..registry import Context, handles


@handles(m.ReadInitialisers, lane="query")
def read_initialisers(session: Session, request: m.ReadInitialisers, context: Context) -> m.Initialisers:
    """Return the rules and scopes that can be chosen for an object."""
    from ...session.initialising import read_initialisers

    return read_initialisers(session, request.path)


@handles(m.PreviewInitialiser, lane="main", busy="preview")
def preview_initialiser(session: Session, request: m.PreviewInitialiser, context: Context) -> m.InitialPreview:
    """Return what an initialisation would give one of its parameters; errors of the form are part of the answer.

    Raises:
        EngineProblem: the network cannot be copied, or a rule of the user's raised.
    """
    from ...session.initialising import preview_initialiser

    return preview_initialiser(session, request, context)


@handles(m.MeasureSignal, lane="main", busy="signal")
def measure_signal(session: Session, request: m.MeasureSignal, context: Context) -> m.Signals:
    """Return the signal through copies of the network, one for each scheme.

    Raises:
        EngineProblem: the network cannot be copied, or a rule of the user's raised.
    """
    from ...session.initialising import measure_signal

    return measure_signal(session, request.schemes, context)


@handles(m.ApplyInitialiser, lane="main", busy="initialising")
def apply_initialiser(session: Session, request: m.ApplyInitialiser, context: Context) -> m.Initialised:
    """Carry out an initialisation on the network.

    Raises:
        EngineProblem: it cannot be carried out, or a rule of the user's raised.
    """
    from ...session.initialising import apply_initialiser

    return apply_initialiser(session, request.how, context)
