"""The graph of lineage, read from the tables of versions and environments.

Of what a visible version's record names, the name is shown, and nothing else unless it may be seen
itself: a version elsewhere looks like one that is not registered. What others made of a thing is
left out, and not walked through.
"""
