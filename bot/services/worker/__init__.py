"""A row becomes calls and messages: submit, reconcile, track, show progress, deliver."""
