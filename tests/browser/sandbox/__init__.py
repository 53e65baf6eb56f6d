"""The sandbox's page as people use it, in a real browser.
Never here: single cards (tests/browser/cards), windows (tests/browser/windows), the editor's page (tests/browser/editing)."""
