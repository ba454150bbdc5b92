"""Pure questions about a model: looking changes nothing."""
