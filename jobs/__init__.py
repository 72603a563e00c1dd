"""What the queue worker runs. Each job loads, calls a rule and commits; running it twice changes
nothing.
"""
