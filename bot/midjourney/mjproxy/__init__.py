"""The `/mj/submit/*` family of Midjourney APIs: self-hosted proxies, the gateways that sell them on, and resellers.
Never here: OhMyGPT's API, whose wire stands beside this package, and decisions about jobs."""
