"""One module for each version of the schema, in order.
Never here: a version that was released and then edited."""
