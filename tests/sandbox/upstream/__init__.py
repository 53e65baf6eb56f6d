"""Tests of the simulated OhMyGPT Midjourney API, through real HTTP."""
