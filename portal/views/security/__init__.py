"""Signing in, passwords, accounts: FAB's security with the portal's rules."""
