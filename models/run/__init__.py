"""Running a model: inputs, forward, backward, the console."""
