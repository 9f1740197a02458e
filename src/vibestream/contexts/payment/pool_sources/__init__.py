"""Named accounts that reward pools are funded from beside issuance: topping one up takes two people, and a pool no more than is there."""
