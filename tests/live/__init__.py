"""Live modules and models: what their frameworks have built, against what is read of them."""
