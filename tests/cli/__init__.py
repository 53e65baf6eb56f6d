"""Tests of the command line's verbs, as an operator types them.
Never here: what stands behind a verb, where it has tests of its own."""
