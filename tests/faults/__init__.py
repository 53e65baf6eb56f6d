"""Deaths and faults, counted: nothing lost, nothing doubled.
Never here: single behaviours of one service."""
