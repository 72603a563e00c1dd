"""Documents: a plain record goes through a template and becomes PDF bytes.

Nothing here knows a request or a session; everything can run in the queue worker.
"""
