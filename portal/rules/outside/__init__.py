"""What leaves the portal: who gets a message by e-mail, which group robot is told, when, and how it
is sent. A message is planned in the transaction that puts it into an inbox, and sent by the queue.
"""
