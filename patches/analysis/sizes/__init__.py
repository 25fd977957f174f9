"""The sizes of models: which numbers they hang on, and other sizes, planned for a model as a whole."""
