"""Values for the unknowns of a network that give the output, or the field, that is asked for."""
