"""Running a model: forward, backward, dry; below them what records, what makes inputs, and the console."""
