"""The sandbox's invented company."""
