"""The encoder: a dual-tower model read from a bundle. No model fact is a constant here."""
