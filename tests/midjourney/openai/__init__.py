"""Tests of what one key opens besides Midjourney."""
