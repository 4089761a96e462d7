"""What source text of any framework is put together from: lines, names and a formatter."""
