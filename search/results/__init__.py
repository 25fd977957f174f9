"""What came of an evaluation, as plain data: trials, ranking, tables, files, frames. Knows spaces."""
