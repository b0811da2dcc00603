"""Pure rules: what a shortcut is, what it needs, and when it is up. No I/O, no framework."""
