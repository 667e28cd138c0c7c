"""What if: scenarios, plans, sites, comparison, batches."""
