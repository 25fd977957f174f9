"""Trees as text, source, HTML, JSON and files. Knows the floors up to verbs."""
