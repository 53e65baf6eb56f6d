"""The pictures of the simulated service: planned as small trees, drawn with Pillow from words, seed and lineage.
Never here: tasks, HTTP."""
