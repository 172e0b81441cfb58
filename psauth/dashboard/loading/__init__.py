"""Loading: what pages read from the service, in threads."""
