"""What stands in the file of a study: tables, transactions, and trials and states as rows."""
