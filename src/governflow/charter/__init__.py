"""The laws that every locality keeps (规则底线检验)."""
