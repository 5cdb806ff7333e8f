"""HTTP: commands in, read models out."""
