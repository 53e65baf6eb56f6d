"""Jobs that exist: lists, info, the buttons of ours under a card."""
