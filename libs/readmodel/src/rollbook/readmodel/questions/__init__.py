"""Named questions to the whole registry, as of any moment."""
