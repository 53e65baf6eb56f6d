"""The shape of the house: rings, rooms, papers and settings that must agree."""
