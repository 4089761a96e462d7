"""The second pass: receptive fields of whole networks, over finished rows."""

from __future__ import annotations

from cnncalc.receptive.fields import Fields, fields_of

__all__ = ["Fields", "fields_of"]
