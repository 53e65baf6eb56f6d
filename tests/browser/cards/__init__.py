"""Cards, lists and windows as Discord shows them, looked at in a real browser.
Never here: how one gets there (tests/browser/sandbox), and what stands on them (tests/ui)."""
