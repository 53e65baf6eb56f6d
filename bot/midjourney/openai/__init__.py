"""What one key opens besides Midjourney, in OpenAI's published shapes: each endpoint has a module of its own.
Never here: Midjourney's endpoints."""
