"""Workloads for the lab: what carries packets from a Pod of one cluster to a Pod of another."""
