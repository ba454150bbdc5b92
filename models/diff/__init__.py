"""The differences between two models or checkpoints, tensor by tensor, in bounded memory."""
