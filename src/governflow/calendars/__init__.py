"""Working time (工作时间)."""

from governflow.calendars.working import Segment, WorkingCalendar

__all__ = ["Segment", "WorkingCalendar"]
