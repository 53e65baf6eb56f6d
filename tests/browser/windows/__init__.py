"""Windows that the sandbox's page opens, as a person fills them in, in a real browser.
Never here: what else is on that page (tests/browser/sandbox)."""
