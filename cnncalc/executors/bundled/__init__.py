"""The bundled executor: the layers computed on NumPy or CuPy arrays."""
