"""Drift: how far windows of live data are from the reference profile of a version."""
