"""Imports: choose a file, see what it would do, import it, read the report, take it back."""
