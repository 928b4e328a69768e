"""The ledger of record: what happened to every file, batch, order and feed."""
