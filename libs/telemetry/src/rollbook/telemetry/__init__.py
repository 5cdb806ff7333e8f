"""Telemetry: what serving tells about itself, and the exact sums that are made of it."""
