"""PyTorch source: its library, its modules, its functions."""
