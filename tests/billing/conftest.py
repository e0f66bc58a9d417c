"""Whole months take longer to draw than Hypothesis expects of an example, the more so on a busy machine."""

from hypothesis import HealthCheck, settings

settings.register_profile("billing", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("billing")
