"""NumPy in source: small arrays of known numbers."""
