"""What a change of rules changes (规则比对)."""
