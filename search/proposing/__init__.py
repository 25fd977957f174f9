"""What can be tuned in an experiment that nobody opened. Knows spaces, results' tables, and patches."""
