"""Ways of training, one file each: see `selftest.found` for how to add one."""
