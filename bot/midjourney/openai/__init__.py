"""Models behind the published API of OpenAI, which OhMyGPT speaks with the same key."""
