"""How large the parts of a message may be: what is larger is refused where it is decoded, on both sides.

The other side may be broken, or anybody's: a depth of 10^9 would be drawn as so many spaces.  Every number, text and
list of a message is of one of the types here (a test holds this).  An honest engine whose model has more than fits in
sends as much as may be (`fitting.py`).
"""

from __future__ import annotations

from typing import Annotated, TypeVar

from msgspec import Meta

T = TypeVar("T")

LONGEST_FRAME = 64 * 2**20
"""Bytes of a whole message."""

LONGEST_PAGE = 500
"""Rows of one page of a list."""
MOST_CELLS = 20_000
"""Numbers of one window."""
MOST_SIDE = 2_000
"""Cells of a heat map down and across."""
MOST_BINS = 1_000
"""Of a histogram."""
MOST_LINKS = 20
"""Other paths of the same object."""
MOST_NAMED = 100_000
"""Names in one list: paths that changed, tensors that a call read, folds."""
MOST_DIMENSIONS = 1_000
MOST_PARTS = 100_000
"""Facts of a group, groups, warnings."""
LONGEST_TEXT = LONGEST_FRAME
"""Characters: no more than a frame has bytes."""
LARGEST = 2**63 - 1
"""Elements, bytes and everything else that is counted."""
DEEPEST = 10_000
"""Levels of a tree that are told apart."""
LONGEST_TIME = 1e9
"""Seconds."""

Count = Annotated[int, Meta(ge=0, le=LARGEST)]
Depth = Annotated[int, Meta(ge=0, le=DEEPEST)]
Signed = Annotated[int, Meta(ge=-LARGEST, le=LARGEST)]
"""Of a request, where the engine takes the nearest that makes sense."""
Step = Annotated[int, Meta(ge=-1, le=1)]
Side = Annotated[int, Meta(ge=-LARGEST, le=MOST_SIDE)]
Line = Annotated[int, Meta(ge=1, le=2**31 - 1)]
"""Of a file."""
Number = Annotated[float, Meta(description="any, NaN and infinities too")]
Element = Annotated[int, Meta(description="any that a tensor holds, which is any of 64 bits")]
Seconds = Annotated[float, Meta(ge=0, le=LONGEST_TIME)]
Share = Annotated[float, Meta(ge=0, le=1)]
Text = Annotated[str, Meta(max_length=LONGEST_TEXT)]

Page = Annotated[list[T], Meta(max_length=LONGEST_PAGE)]
Names = Annotated[list[Text], Meta(max_length=MOST_NAMED)]
Links = Annotated[list[Text], Meta(max_length=MOST_LINKS)]
Parts = Annotated[list[T], Meta(max_length=MOST_PARTS)]
Index = Annotated[list[Signed], Meta(max_length=MOST_DIMENSIONS)]
Shape = Annotated[list[Count], Meta(max_length=MOST_DIMENSIONS)]
Positions = Annotated[list[Count], Meta(max_length=MOST_NAMED)]
Folds = Annotated[dict[Text, bool], Meta(max_length=MOST_NAMED)]
Numbers = Annotated[list[Element | Number], Meta(max_length=MOST_CELLS)]
Heat = Annotated[list[Number], Meta(max_length=MOST_SIDE * MOST_SIDE)]
Edges = Annotated[list[Number], Meta(max_length=MOST_BINS + 1)]
Counts = Annotated[list[Count], Meta(max_length=MOST_BINS)]
