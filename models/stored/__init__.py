"""Tensors in files, and how they are read."""
