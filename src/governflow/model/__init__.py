"""What a case is: terms, units, lifecycle, clocks, case and events. No I/O."""
