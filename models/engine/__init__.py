"""The wall between the interface and the model, and the process behind it."""
