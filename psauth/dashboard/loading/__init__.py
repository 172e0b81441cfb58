"""Loading: what views read from the service, in threads."""
