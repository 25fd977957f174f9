"""Running a plan, what came of it, and searches made of that. Knows spaces and planning."""
