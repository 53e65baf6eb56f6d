"""The use cases: what happens when a person asks, presses or waits. They know the domain and its ports.
Never here: discord, httpx, sqlalchemy, aiohttp."""
