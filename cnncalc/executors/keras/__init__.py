"""Keras as an executor: every layer as real Keras layers, on any backend."""
