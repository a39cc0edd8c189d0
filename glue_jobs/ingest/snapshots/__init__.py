"""Inventory snapshots, each whole or not at all: what was delivered, what tasks make of it, what is refused."""
