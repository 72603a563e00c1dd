"""Petition matters: the list, the page of one, what the authority did, mandates, accusations."""
