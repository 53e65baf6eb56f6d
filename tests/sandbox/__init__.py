"""Tests of the stand-ins for the remote services."""
