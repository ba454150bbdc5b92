"""The elements of one tensor, live or in a file: windows, heat maps, the next NaN, text to paste, statistics."""
