"""Questions: one a module, each a function from tables to an expression."""
