"""Vary (Region): the picker and the uploaded mask."""
