"""Reading: receipts become documents, and documents the drafts of deliveries."""
