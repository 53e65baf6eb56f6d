"""Who pays: the owner's accounts, servers' own keys, how each of them does."""
