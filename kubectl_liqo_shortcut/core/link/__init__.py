"""A link between two leaves: what it needs, what is there, and what must be done."""
