"""The push to the finance system, for platform admins."""
