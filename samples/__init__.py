"""The sample catalogue: what a new user finds in the shop."""
