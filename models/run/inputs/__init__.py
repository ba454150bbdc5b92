"""Inputs of a forward run: specs in text, guesses, what the network keeps itself, what the user asked for."""
