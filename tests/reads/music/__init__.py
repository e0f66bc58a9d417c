"""A domain to read that is none of the project's: labels (the tenants), their albums and tracks, and a catalog of genres."""
