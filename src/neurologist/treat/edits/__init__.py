"""Changes to the user's source: what they are, and how each is found and made in it."""
