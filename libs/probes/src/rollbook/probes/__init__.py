"""Measures a model by really loading and calling it, in a process of its own."""
