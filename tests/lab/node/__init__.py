"""The node daemon: what kubelet, scheduler, kube-proxy and load balancer do for gateway Pods."""
