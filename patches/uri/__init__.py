"""The text of patches: its grammar, and values in it. Knows symjax alone, and no patch."""
