"""Makes model bundles. Heavy tools (torch, transformers) live here and nowhere in the app."""
