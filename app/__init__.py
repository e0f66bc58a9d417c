"""ArcadiaCloud billing."""
