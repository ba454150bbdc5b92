"""Limits of the parts of a message: what is larger is refused where it is decoded, on both sides.

The other side may be broken, or anybody's: a depth of 10^9 would be drawn as so many spaces.  Every number, text and
list of a message is of one of the types here (a test holds this).  An honest engine whose model exceeds them sends as
much as they allow (`models/engine/fitting.py`).
"""

from __future__ import annotations

from typing import Annotated, TypeVar

from msgspec import Meta

T = TypeVar("T")

LONGEST_FRAME = 64 * 2**20
"""Bytes of a whole message: 64 MiB."""
LONGEST_PAGE = 500
"""Rows of one page of a list."""
CELL_LIMIT = 20_000
"""Elements of one window of a tensor, rows times columns."""
SIDE_LIMIT = 2_000
"""Cells of a heat map in either direction."""
BIN_LIMIT = 1_000
"""Bins of a histogram."""
LINK_LIMIT = 20
"""Other paths of the same object that one row or fact names."""
NAME_LIMIT = 100_000
"""Names in one list, such as changed paths, tensors that a call read, folds."""
DIMENSION_LIMIT = 1_000
"""Dimensions of a shape or index."""
PART_LIMIT = 100_000
"""Items of any other list, such as facts of a group, groups, warnings."""
LONGEST_TEXT = LONGEST_FRAME
"""Characters of one text: no more than a frame has bytes."""
LARGEST = 2**63 - 1
"""Elements, bytes and everything else that is counted: the largest signed 64-bit integer."""
DEEPEST = 10_000
"""Levels of a tree that are distinguished."""
LONGEST_TIME = 1e9
"""Seconds of a measured time."""

Count = Annotated[int, Meta(ge=0, le=LARGEST)]
"""A number of things, or an index from 0."""
Depth = Annotated[int, Meta(ge=0, le=DEEPEST)]
"""A level of a tree or of nested calls, 0 for the outermost."""
Signed = Annotated[int, Meta(ge=-LARGEST, le=LARGEST)]
"""An integer of a request, of which the engine takes the nearest valid value."""
Direction = Annotated[int, Meta(ge=-1, le=1)]
"""1 forwards, -1 backwards."""
SideLength = Annotated[int, Meta(ge=-LARGEST, le=SIDE_LIMIT)]
"""Cells that a requested heat map may have in one direction; the engine takes the nearest valid value."""
Line = Annotated[int, Meta(ge=1, le=2**31 - 1)]
"""A line number of a file, from 1."""
Number = Annotated[float, Meta(description="any, NaN and infinities too")]
"""A float64, NaN and infinities included."""
Element = Annotated[int, Meta(description="any that a tensor holds, which is any of 64 bits")]
"""An integer element of a tensor, signed or unsigned, of at most 64 bits."""
Seconds = Annotated[float, Meta(ge=0, le=LONGEST_TIME)]
"""A duration in seconds."""
Share = Annotated[float, Meta(ge=0, le=1)]
"""A fraction from 0 to 1."""
Text = Annotated[str, Meta(max_length=LONGEST_TEXT)]
"""A text of any characters; hostile until it is cleaned."""

Page = Annotated[list[T], Meta(max_length=LONGEST_PAGE)]
"""The rows of one page of a list."""
Names = Annotated[list[Text], Meta(max_length=NAME_LIMIT)]
"""Paths or other names."""
Links = Annotated[list[Text], Meta(max_length=LINK_LIMIT)]
"""Paths of one object."""
Parts = Annotated[list[T], Meta(max_length=PART_LIMIT)]
"""Items of a list that has no pages."""
Index = Annotated[list[Signed], Meta(max_length=DIMENSION_LIMIT)]
"""A requested index, one integer a dimension."""
Shape = Annotated[list[Count], Meta(max_length=DIMENSION_LIMIT)]
"""A shape, or a valid index into one."""
Positions = Annotated[list[Count], Meta(max_length=NAME_LIMIT)]
"""Indices of characters in a text."""
Folds = Annotated[dict[Text, bool], Meta(max_length=NAME_LIMIT)]
"""Paths of rows, each with whether it is unfolded."""
Numbers = Annotated[list[Element | Number], Meta(max_length=CELL_LIMIT)]
"""Elements of a window, row-major."""
Heat = Annotated[list[Number], Meta(max_length=SIDE_LIMIT * SIDE_LIMIT)]
"""Cells of a heat map, row-major."""
Edges = Annotated[list[Number], Meta(max_length=BIN_LIMIT + 1)]
"""Edges of a histogram's bins, one more than there are bins."""
Counts = Annotated[list[Count], Meta(max_length=BIN_LIMIT)]
"""Elements in each bin of a histogram."""
