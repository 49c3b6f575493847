"""The measures of each dashboard: one module per dashboard, one function per population, a spec table for each measure."""
