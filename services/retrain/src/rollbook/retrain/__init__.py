"""Has models trained anew: when they drift or somebody asks, and never too often."""
