"""A register of any size, made up: who is in it, how it gets into a database, where it is kept."""
