"""Easel: Midjourney on a Discord server. Subpackages are the rooms; this file holds nothing."""
