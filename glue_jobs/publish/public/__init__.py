"""The public tier: numbers of closed months, none of few readers, none that a subtraction gives back.

Why it is safe: docs/decisions/0026-two-tiers.md.
"""
