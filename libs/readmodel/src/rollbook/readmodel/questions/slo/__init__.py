"""The service levels of the registry itself, as questions to the log."""
