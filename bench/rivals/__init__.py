"""Django admin and Flask-Admin over the very tables of the portal, tuned as their manuals say.

They run in an environment of their own (``.venv-bench``) and import nothing of the portal.
Encrypted columns are shown as they are stored: what the portal spends on decrypting and masking,
they save.
"""
