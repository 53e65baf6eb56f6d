"""Pools: panel, changes, quota, usage, who pays."""
