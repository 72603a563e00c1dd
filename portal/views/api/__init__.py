"""The REST interface: the same rows, the same scope, the same words."""
