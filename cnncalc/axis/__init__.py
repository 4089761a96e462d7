"""The arithmetic of one axis: lengths, what is read, what is seen."""
