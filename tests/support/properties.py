"""Settings of property tests."""

from __future__ import annotations

from typing import Final

from hypothesis import HealthCheck, settings

PATIENT: Final = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""No time limits: on a busy machine, drawing or running a single example may take seconds."""
