"""What goes wrong in real life, made to happen with real processes, signals and connections."""
