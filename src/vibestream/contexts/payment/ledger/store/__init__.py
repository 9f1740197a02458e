"""The ledger's statements: reads of its tables, and calls of the functions that alone may write them."""
