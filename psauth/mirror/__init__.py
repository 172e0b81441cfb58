"""Mirror: a local copy of what the service answered, which keeps itself current with few requests."""
