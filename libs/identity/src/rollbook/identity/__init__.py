"""Who asks, proven: people's tokens, machines' keys, and the statement on each command."""
