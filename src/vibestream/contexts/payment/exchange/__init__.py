"""Exchange: one currency for another at a published rate, points for money, and what the platform owes for points.

Rates are data: each says from when it is good, where it comes from and what the platform keeps. A person is quoted an
amount, which stands for a minute, and takes it or leaves it. An exchange is two balanced halves in one transaction, through
the platform's *reserve* of each currency, which cannot fall below zero. Every amount is rounded down, against the person,
by less than one minor unit.

Points (VIBE) cannot be bought. They are issued into reward pools, earned by listening, and *redeemed* for US dollars:
the points go to `redeemed`, the dollars come from `points_liability`, where the platform sets aside what all points that
people hold would cost it. It is set aside by policy every hour, and at once when a redemption would find too little: issuing
points moves no money, because what is in a pool may never be earned. Points that will never come back are *expired* by
an entry, and what was set aside for them becomes revenue.
"""
