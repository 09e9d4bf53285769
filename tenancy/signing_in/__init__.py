"""How a person who has a password becomes the holder of a token: sign-in, sessions, resets."""
