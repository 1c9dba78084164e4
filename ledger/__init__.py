"""
The ledger of faults survived: a fleet under fire, and an account of every delivery.

``python -m ledger`` starts a real PostgreSQL, a real Redis and three server
processes, lets people write and followers follow, injects faults in a seeded order
and then compares what each follower was told with what the log says. It ends in a
table whose columns lost, repeated, out of order and unauthorised must read 0.

Load and judgement share nothing but records: :mod:`ledger.diary` is what a follower
was told, :mod:`ledger.truth` what PostgreSQL says, :mod:`ledger.judge` compares.
"""
