"""What is promised and what came, as values: the standard library and nothing else."""
