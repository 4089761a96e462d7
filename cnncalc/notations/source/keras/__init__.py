"""Keras source: its library, its layers and models, its functions."""
