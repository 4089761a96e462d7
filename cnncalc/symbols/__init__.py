"""Sizes with names in them: the expressions, and the sets of numbers on which they hold."""
