"""What an owner does and sees: first and refused starts, an ordinary life, copies, moves, roll-outs, several processes.
Never here: deaths (tests/wire/deaths), and faults of others (tests/wire/faults)."""
