"""The statements of checkout: streams, keys, references, and the table that lists are read from."""
