"""einops: axes moved, joined, reduced and repeated by their names."""
