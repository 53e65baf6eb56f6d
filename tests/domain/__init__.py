"""The inner ring's promises: actions, emoji, failures, jobs, keys, parameters, pools, prompts, schedules, tasks.
Never here: I/O and waiting; whatever needs a database or a server is tested beside its adapter."""
