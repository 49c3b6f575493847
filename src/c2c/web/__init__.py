"""The web sites. Each is a process of its own; the public one reads releases and nothing else."""
