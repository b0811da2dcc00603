"""Services on the hub and on the leaves: looked at, switched, switched back."""
