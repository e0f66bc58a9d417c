"""A domain to read that is none of the project's: labels (the tenants), albums, tracks, and a catalog of genres."""
