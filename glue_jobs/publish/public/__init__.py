"""The public tier: numbers of closed months. Numbers of few readers are hidden, and no subtraction reveals them.

Why it is safe: docs/decisions/0026-two-tiers.md.
"""
