"""One client per partner system. A client speaks its protocol and knows nothing of flows."""
