"""Logs, traces and metrics of Rollbook, named in one catalogue."""
