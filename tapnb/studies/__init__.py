"""What one notebook needs, a module a notebook; and the paper's own numbers and claims."""
