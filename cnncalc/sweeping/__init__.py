"""Every combination of the choices of a spec: figures of all designs, and the best of them."""
