"""Judging: what the gates of policies make of a version."""
