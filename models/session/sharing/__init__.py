"""What of the open model is shared, what that saves, and what of it a user may not expect."""
