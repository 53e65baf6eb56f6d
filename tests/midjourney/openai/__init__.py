"""Tests of the adapter to OpenAI's published API, over loopback.
Never here: tests of what services decide."""
