"""The kinds of decisions, a class each. Knows `Choice` alone."""
