"""The event bus: an outbox written in the sender's transaction, a relay, and handlers with an inbox of their own.

    sender's transaction        relay (one per partition)                   handler's transaction
    publish(tx, event)  ------> reads what is below the xmin horizon ------> inbox row + effect + cursor, committed as one

What is promised:

* An event is announced if and only if its transaction committed.
* Each consumer takes each event's effect exactly once, whatever is killed when, as long as the effect is in the
  database. (An effect outside the database belongs in a job or a saga that the handler starts.)
* Events of one key reach a consumer in the order in which their senders published them, provided that senders of one
  key exclude each other, which they do when they lock what the key names before they publish.
* One event that cannot be handled holds up its own key for a while (or not even that, see `Poison`), then becomes a
  dead letter that can be replayed. It never holds up another key or another consumer.
"""
