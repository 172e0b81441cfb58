"""Parts: what pages are made of."""
