"""Statistics of tensors of any size and any type."""
