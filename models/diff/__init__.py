"""What differs between two models or checkpoints, tensor by tensor and piece by piece, in bounded memory."""
