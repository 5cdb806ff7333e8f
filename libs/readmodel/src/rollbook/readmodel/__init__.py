"""Rollbook's read models in Postgres: one file per view."""
