"""Reading: every list of the service as a DataFrame."""
