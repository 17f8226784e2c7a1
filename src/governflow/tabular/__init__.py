"""CSV, XLSX and JSONL files as rows of cells, whatever is in them."""
