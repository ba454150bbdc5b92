"""What the engine without torch answers about what is shared."""

from __future__ import annotations

from models.messages import ReadSharing, SharingFound, SharingGroup, SharingMember

OBJECT = SharingGroup(
    kind="object",
    title="Linear [/] under 2 names",
    members=[SharingMember(path=path, kind="module", detail="Linear") for path in ("0", "1")],
    bytes=1024,
    saved=1024,
    notes=["its gradient is the sum of what each use adds"],
)
PART = SharingGroup(
    kind="part",
    title="a tensor in a memory of 312.5 KB",
    members=[SharingMember(path="1.bias", kind="parameter", detail="[1]", part="elements 0–87 of 80,000")],
    bytes=320_000,
    saved=319_648,
    notes=["saving 1.bias alone writes 312.5 KB for 352 bytes"],
)
EQUAL = SharingGroup(
    kind="equal",
    title="2 tensors of equal values in separate memory",
    members=[SharingMember(path=path, kind="parameter", detail="[8]") for path in ("0.weight", "1.weight")],
    bytes=2048,
    saved=2048,
    mends="tie",
    code="net[1].weight = net[0].weight\nnet[2].weight = net[0].weight",
)


class FakeSharing:
    """Answers about what is shared."""

    shared = (OBJECT, PART)
    equal = (EQUAL,)

    def _on_ReadSharing(self, body: ReadSharing) -> SharingFound:
        return SharingFound(groups=list(self.equal if body.values else self.shared), tensors=16)
