"""Sends packets between the leaves, by probe Pods."""
