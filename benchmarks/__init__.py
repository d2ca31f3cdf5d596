"""Benchmarks: a plain baseline against the project's own code, and how cost grows. ``make bench`` runs them.

Not installed with the package: ``python -m benchmarks``, from the checkout's root.
"""
