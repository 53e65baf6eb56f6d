"""`python -m easel_bot` is the `easel` command.
Never here: anything else."""

from easel_bot import main

main()
