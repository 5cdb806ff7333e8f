"""Verifies Rollbook's log with nothing of Rollbook: needs only the log's bytes and a public key."""
