"""
Durable topics, followed without gaps.

The log in the database is the truth, the channel layer is a bell. ::

    with transaction.atomic():                       # a change, in any thread
        log.lock("room.7")
        note = Note.objects.create(text="Hello")
        log.publish("room.7", "note_added", {"id": note.pk, "text": note.text})

    async with Hub() as hub:                         # one for each process
        follower = await hub.follow(["room.7"], after=None, gate=gate, claim=user.pk)
        async for item in follower:                  # replayed, CaughtUp, then live
            if isinstance(item, Delivery):
                print(item.event.data, item.cursor)  # resume with after=item.cursor

``gate`` is the application's: it says who may follow and which event ends it
(see :class:`realtime.gate.Gate`).
"""
