"""How results and progress look. Nothing here decides or asks a cluster."""
