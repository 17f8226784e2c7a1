"""What a person reads about cases."""

from governflow.reports.rates import Report, escalations, lives

__all__ = ["Report", "escalations", "lives"]
