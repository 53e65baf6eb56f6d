"""What the adapter to the database promises.
Never here: rules of the domain."""
