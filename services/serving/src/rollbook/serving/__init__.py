"""The reference model server: serves what the registry says, and goes on without it."""
