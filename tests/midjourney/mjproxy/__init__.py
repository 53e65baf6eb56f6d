"""Tests of the adapter to the /mj family: its wire, its table of refusals, and its client over loopback.
Never here: tests of what services decide."""
