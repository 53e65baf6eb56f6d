"""What is one person's own, as rows."""
