"""Pages: parse what was asked, call a rule or a query, render."""
