"""Customer care in a Space: callers wait, are offered to agents, talk, and are wrapped up. Pure, like all of the domain.

`decide.decide_all(queue, commands, now)` gives events and the queue after them; `timers.next_at(queue)` says when to ask again although
nobody did anything. A queue keeps calls only while they are open, so it costs the same after ten thousand. What became of them is in the
events: `records` reads them, `figures` counts them.
"""
