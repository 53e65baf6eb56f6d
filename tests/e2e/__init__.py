"""The whole bot between a simulated Discord and a simulated Midjourney: judged by what people see and what is paid.
Never here: one part alone; each has tests of its own."""
