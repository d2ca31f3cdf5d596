"""What was computed, by what, and how to get it back: runs, provenance, publication, results."""
