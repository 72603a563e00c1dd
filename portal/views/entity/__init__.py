"""The base of every entity's pages and endpoints."""
