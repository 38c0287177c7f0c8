"""The sample catalogue that a new user finds in the index."""
