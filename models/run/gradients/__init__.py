"""What a backward finds out about a run: gradients at its calls, why one is missing, and what stood in the way."""
