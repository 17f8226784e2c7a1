"""What a check found, for people and machines."""
