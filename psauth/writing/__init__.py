"""Writing: changes at the service, each once or not at all."""
