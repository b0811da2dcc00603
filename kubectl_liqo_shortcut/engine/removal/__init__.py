"""Taking a link away, and nothing else."""
