"""
Anteroom beside its peers: one run, one machine, real sockets, the whole path.

``python -m benchmarks`` starts a real PostgreSQL and a real Redis and one server process
after the other, each alone on its core, and has as many subscribers follow one room as
it is told. A writer's message goes in over a WebSocket, is committed, rings through Redis
and has to arrive at every socket: each delivery is checked for its number and its place,
so that what did not arrive is never counted.

:mod:`benchmarks.load` is the load and :mod:`benchmarks.feed` its account,
:mod:`benchmarks.measure` the measurements, :mod:`benchmarks.servers` who is measured,
:mod:`benchmarks.report` what is made of the figures.
"""
