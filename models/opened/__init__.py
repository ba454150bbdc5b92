"""The interface of every open model, live network or checkpoint, and the source it was opened from."""
