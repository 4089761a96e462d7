"""Receptive fields of whole networks."""
