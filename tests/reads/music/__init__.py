"""A domain for tests of reads that is not billing: labels (the tenants), albums, tracks, and a catalog of genres."""
