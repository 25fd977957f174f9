"""Which configuration runs where: leaves, buckets, programs, the plan. Compiles nothing. Knows spaces."""
