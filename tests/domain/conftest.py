"""How hard hypothesis tries here: no deadlines, because a busy machine is not a slow function.
Never here: fixtures."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
