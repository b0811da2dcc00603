"""Asks the clusters what core/preflight judges."""
