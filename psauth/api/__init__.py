"""API: the one door to the service, within its hourly budget."""
