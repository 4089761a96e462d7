"""Verification: a report against runs of its network, by one executor or by all of them."""

from __future__ import annotations

from cnncalc.verification.comparing import compare
from cnncalc.verification.running import verify_report

__all__ = ["compare", "verify_report"]
