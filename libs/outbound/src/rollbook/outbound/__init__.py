"""Asking somebody else's HTTP server: within bounds, at checked addresses."""
