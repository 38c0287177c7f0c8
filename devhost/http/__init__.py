"""HTTP as Azure's host serves it: Kestrel's rules, routing, keys, CORS, and its own endpoints."""
