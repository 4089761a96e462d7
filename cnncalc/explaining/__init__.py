"""How the figures of each step come about: the formulas that ran, with their numbers put in."""
