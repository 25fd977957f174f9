"""Evolution that is guided by a model of what it has seen."""
