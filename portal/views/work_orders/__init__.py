"""Matters and work orders: reporting, the list, the page of an order, its moves."""
