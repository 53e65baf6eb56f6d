"""What one person prefers: the card of `/prefer` and its modals."""
