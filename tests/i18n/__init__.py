"""Languages: what every catalogue must hold, and the tool that writes it.
Never here: how a catalogue is read by the program (tests/ui/test_i18n.py)."""
