"""Rollbook's domain: messages, state, decide and evolve, without I/O."""
