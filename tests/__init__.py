"""The tests; each folder mirrors a room, and e2e, wire, faults, browser, bench and architecture look at the whole.
Never here: production code."""
