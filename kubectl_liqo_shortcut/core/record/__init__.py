"""The record of a link on the hub: its status, in words that are explained."""
