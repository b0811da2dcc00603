"""Asks the clusters what core/diagnosis judges."""
