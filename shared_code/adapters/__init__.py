"""One technology per module, each translating its errors once into those of ``domain.errors``."""
