"""The meters, as Prometheus reads them."""
