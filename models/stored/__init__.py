"""Tensors stored in files: dtypes, layouts, and positioned reads of their elements."""
