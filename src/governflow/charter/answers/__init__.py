"""What a rule set answers, and where two answers differ."""
