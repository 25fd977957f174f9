"""Trees as text, source, HTML, JSON and files. Knows the floors below: core, types, verbs."""
