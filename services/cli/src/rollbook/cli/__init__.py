"""The `rollbook` command: every service in one process, and every call."""
