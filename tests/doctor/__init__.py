"""Tests of `easel doctor`, against both doubles on loopback.
Never here: the adapters' own behaviour."""
