"""One client per partner system: speaks its protocol, raises the errors of `order_sync.errors`, knows nothing of flows.

Importing a client is cheap; the libraries behind it are loaded when it connects.
"""
