"""What is remarkable about an open model and its last run: one small file a kind, and a registry of them."""
