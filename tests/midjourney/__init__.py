"""Tests of the adapter to the image API: wire, client, pictures and webhooks.
Never here: tests of what services decide."""
