"""Searching versions: a small language, an index of every state that a version was in, queries."""
