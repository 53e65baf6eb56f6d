"""The page on which a region of a picture is painted, in a real browser.
Never here: what becomes of a region (tests/services, tests/e2e)."""
