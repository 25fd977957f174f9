"""What a patch is: values, their names, reading them from text, applying them. Knows the URIs and symjax."""
