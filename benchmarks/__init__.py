"""Benchmarks: what a user has today against the project's own path, and how cost grows. ``make bench`` runs them.

Not installed with the package: ``python -m benchmarks``, from the checkout's root.
"""
