"""What all work has in common: threads, deadlines, watches, the lock."""
