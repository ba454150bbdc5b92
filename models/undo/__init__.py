"""What changes a model, and what takes it back."""
