"""Mediation files: the list, the page of one, what is done with it, its paper."""
