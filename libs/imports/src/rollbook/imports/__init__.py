"""Models and their history from elsewhere, read as commands in order."""
