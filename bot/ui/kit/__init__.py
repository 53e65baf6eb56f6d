"""What every feature's components, modals and answers are made of; no feature."""
