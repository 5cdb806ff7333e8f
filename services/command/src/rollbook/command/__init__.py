"""The command service: turns each command into its one outcome in the log."""
