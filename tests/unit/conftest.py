"""Hypothesis for unit tests: no deadlines, since other work may share the machine."""

from hypothesis import settings

settings.register_profile("unit", deadline=None, max_examples=60)
settings.load_profile("unit")
