"""The outside world: clusters, kubeconfig files, template files."""
