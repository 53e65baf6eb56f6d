"""What moderators hear."""
