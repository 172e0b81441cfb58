"""Parts: what views are made of."""
