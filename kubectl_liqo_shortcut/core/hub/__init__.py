"""A hub and its leaves."""
