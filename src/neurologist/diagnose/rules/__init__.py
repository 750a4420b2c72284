"""One rule to a file, found by discovery; see `diagnose.rule` for how to add one."""
