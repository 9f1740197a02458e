"""Pages for people's own money: wallet, payments, subscription, tips, royalties, payouts. No page here decides about money."""
