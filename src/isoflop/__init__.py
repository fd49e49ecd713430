"""Design a ladder of small training runs, train them, fit scaling laws with honest uncertainty, plan the big run."""
