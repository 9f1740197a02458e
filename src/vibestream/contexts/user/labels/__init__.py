"""Labels: the artists on a label's roster, asked by one side and accepted by the other, and ended by either."""
