"""kubeconfig files, and the identities in them, by kubectl's own rules."""
