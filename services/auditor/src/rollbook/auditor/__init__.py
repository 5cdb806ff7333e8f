"""The auditor: signs on a schedule how the log stands, and publishes it."""
