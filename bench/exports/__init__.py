"""The memory and time of exports."""
