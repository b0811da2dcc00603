"""One module for each use case: its steps, no click, no printing."""
