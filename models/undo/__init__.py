"""What a statement changed in a model, and how it is undone."""
