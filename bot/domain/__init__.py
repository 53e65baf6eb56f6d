"""The ring that knows nothing of the world: jobs, pools, prompts, actions, schedules and the ports.
Never here: I/O, discord, reads of a clock."""
