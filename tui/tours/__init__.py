"""Guided tours: short steps through a network, in files that a teacher can add to."""
