"""Services of the hub, and which way their calls go on each leaf."""
