"""Commands, deadlines and books: the one place where rules, cases, clock and store meet."""
