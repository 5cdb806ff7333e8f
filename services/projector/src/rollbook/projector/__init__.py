"""Keeps the read models in Postgres up with the log."""
