"""Stand-ins for both remote services, so that the whole product runs with no account and no network.
Never here: anything that production code imports."""
