"""What the fake engine answers about initialising parameters."""

from __future__ import annotations

from models.messages import (
    ApplyInitialiser,
    Initialised,
    Initialisers,
    InitialPreview,
    MeasureSignal,
    PreviewInitialiser,
    ReadInitialisers,
    RuleArgument,
    RuleOffer,
    ScopeOffer,
    Signal,
    SignalLayer,
    Signals,
    Spread,
)

RULES = [
    RuleOffer(name="zeros_", label="zeros_", about="Every element 0."),
    RuleOffer(
        name="xavier_uniform_",
        label="xavier_uniform_",
        about="Keeps the variance.",
        arguments=[RuleArgument(name="gain", default="1.0", about="Makes up for the nonlinearity.")],
    ),
    RuleOffer(
        name="kaiming_normal_",
        label="kaiming_normal_",
        about="Keeps it one way.",
        arguments=[
            RuleArgument(name="a", default="0.0", about="The slope."),
            RuleArgument(name="mode", default="fan_in", about="Which way.", choices=["fan_in", "fan_out"]),
        ],
    ),
    RuleOffer(name="default", label="the layer's own default", about="As it was built.", biases=False),
]


class FakeLab:
    """Three rules and the layer's own; a preview of 4 and 8; a signal that halves from layer to layer."""

    def _on_ReadInitialisers(self, body: ReadInitialisers) -> Initialisers:
        here = ScopeOffer(kind="this", path=body.path, label=f"[b]{body.path}[/]", single=True)
        every = ScopeOffer(kind="class", text="Linear", label="every Linear (9)")
        return Initialisers(
            rules=RULES, scopes=[here, every, ScopeOffer(kind="pattern", text="*.weight", label="a pattern")]
        )

    def _on_PreviewInitialiser(self, body: PreviewInitialiser) -> InitialPreview:
        edges = [-1.0, -0.5, 0.0, 0.5, 1.0]
        return InitialPreview(
            errors=["" for _ in body.how.arguments] + [""],
            summary="2 weights filled",
            filled=2,
            place=body.place,
            path=f"parameter {body.place}",
            shape="[8, 4]",
            law=f"{body.how.rule} of ±√(6/(4 + 8))",
            spread="std = 0.5774",
            turned=3 if body.how.rule == "kaiming_normal_" else 0,
            today=Spread(low=-0.5, high=0.5, mean=0.0, std=0.2887),
            fresh=Spread(low=-0.9, high=0.95, mean=0.01, std=0.57),
            theory=Spread(low=-1.0, high=1.0, mean=0.0, std=0.5774),
            edges=edges,
            today_shares=[0.0, 0.5, 0.5, 0.0],
            fresh_shares=[0.2, 0.3, 0.25, 0.25],
            theory_shares=[0.25] * 4,
            code="torch.manual_seed(0)",
        )

    def _on_MeasureSignal(self, body: MeasureSignal) -> Signals:
        layers = [SignalLayer(path=str(at), kind="Linear") for at in range(3)]
        return Signals(
            layers=layers,
            signals=[
                Signal(
                    label=how.rule or "today",
                    activations=[10.0**-at for at in range(3)],
                    gradients=[1.0, 0.0, float("inf")],
                )
                for how in body.schemes
            ],
        )

    def _on_ApplyInitialiser(self, body: ApplyInitialiser) -> Initialised:
        return Initialised(
            text=f"{body.how.rule} of 0.weight, seed {body.how.seed}", changed=["0.weight"], code="code()"
        )
