"""What a server's moderators decide."""
