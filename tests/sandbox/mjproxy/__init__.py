"""Tests of the simulated servers of the /mj family.
Never here: tests of the client."""
