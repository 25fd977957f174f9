"""Built NNX modules: their layers shown as nodes, and made anew. Imported when there is one."""
