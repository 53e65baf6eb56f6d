"""Jobs and the ledger as rows: the queue, claims, accounts of units, looking back."""
