"""The `easel` command, one verb a module; each imports what it needs when it runs."""
