"""The whole way, from Connect to a frame, against the sandbox: a real server, a real vault, nothing patched in between."""
