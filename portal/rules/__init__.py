"""The verbs of the portal: each is one function, called alike by page, job and command."""
