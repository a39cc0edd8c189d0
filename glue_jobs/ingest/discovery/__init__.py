"""Which raw objects a run reads: those of its window, and some of earlier days, that the ledger does not have."""
