"""What a person reads about cases."""
