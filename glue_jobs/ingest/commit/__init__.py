"""The commit of a run, after which readers see it as a whole or not at all."""
