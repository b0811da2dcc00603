"""What hub and leaves show at one moment: each kind asked for once, however many links."""
