"""The sandbox's page as people use it, in a real browser.
Never here: single cards and windows (tests/browser/cards), the editor's page (tests/browser/editing)."""
