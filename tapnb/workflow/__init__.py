"""From parameters to executed notebooks to the book."""
