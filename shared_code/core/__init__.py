"""The domain: value types, ports and use cases. Imports the standard library only."""
