"""OhMyGPT's Midjourney API: its wire and its client."""
