"""Questions to the hub, and about its leaves."""
