"""Every treatment, one file each, found by discovery."""
