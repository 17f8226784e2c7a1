"""What a person reads about cases."""

from governflow.reports.consequences import escalations
from governflow.reports.rates import Report, lives

__all__ = ["Report", "escalations", "lives"]
