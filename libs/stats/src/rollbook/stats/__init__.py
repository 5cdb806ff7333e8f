"""Statistics: what may be said about versions from counts, at any moment and as often as wanted."""
