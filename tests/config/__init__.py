"""The settings, as an operator meets them."""
