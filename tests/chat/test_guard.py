"""G4: what is not a change of ``chat.changes`` writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.core import serializers
from django.db import connection, connections, transaction
from django.db.models import F, ProtectedError
from django.db.models.deletion import Collector

from chat import changes, models
from chat.guard import ChangeOutsideChanges, Guarded, change
from chat.models import JoinRequest, Membership, Message, Room
from tests.chat.conftest import World, everything


def _collected(row: Any) -> None:
    collector = Collector("default")
    collector.collect([row])
    collector.delete()


def _loaded(row: Any) -> None:
    for each in serializers.deserialize("json", serializers.serialize("json", [row])):
        each.save()


DOORS: dict[str, Callable[[Any], Any]] = {
    "save": lambda row: row.save(),
    "save of one field": lambda row: row.save(update_fields=[_plain(row)]),
    "save_base": lambda row: row.save_base(raw=True),
    "save of a copy": lambda row: type(row)(**_values(row)).save(force_insert=True),
    "delete": lambda row: row.delete(),
    "loaddata": _loaded,
    "a collector": _collected,
    "create": lambda row: type(row).objects.create(**_values(row)),
    "get_or_create, found": lambda row: type(row).objects.get_or_create(pk=row.pk),
    "get_or_create, new": lambda row: type(row).objects.get_or_create(pk=0, defaults=_values(row)),
    "update_or_create": lambda row: type(row).objects.update_or_create(pk=row.pk, defaults={}),
    "bulk_create": lambda row: type(row).objects.bulk_create([type(row)(**_values(row))]),
    "bulk_update": lambda row: type(row).objects.bulk_update([row], [_plain(row)]),
    "update": lambda row: type(row).objects.update(**{_plain(row): F(_plain(row))}),
    "delete of a query": lambda row: type(row).objects.filter(pk=row.pk).delete(),
    "delete of nothing": lambda row: type(row).objects.none().delete(),
    "_raw_delete": lambda row: type(row).objects.filter(pk=row.pk)._raw_delete("default"),
    "erase": lambda row: type(row).objects.filter(pk=row.pk).erase(),
    "the base manager": lambda row: type(row)._base_manager.filter(pk=row.pk).update(pk=row.pk),
    "the default manager": lambda row: type(row)._default_manager.all().delete(),
}
ASYNC_DOORS: dict[str, Callable[[Any], Any]] = {
    "asave": lambda row: row.asave(),
    "adelete": lambda row: row.adelete(),
    "acreate": lambda row: type(row).objects.acreate(**_values(row)),
    "aget_or_create": lambda row: type(row).objects.aget_or_create(pk=row.pk),
    "aupdate_or_create": lambda row: type(row).objects.aupdate_or_create(pk=row.pk),
    "abulk_create": lambda row: type(row).objects.abulk_create([type(row)(**_values(row))]),
    "abulk_update": lambda row: type(row).objects.abulk_update([row], [_plain(row)]),
    "aupdate": lambda row: type(row).objects.aupdate(**{_plain(row): F(_plain(row))}),
    "adelete of a query": lambda row: type(row).objects.all().adelete(),
}
RELATED_DOORS: dict[str, Callable[[World, Any], Any]] = {
    "create": lambda world, row: world.lobby.memberships.create(user=world.bob),
    "grant_to": lambda world, row: world.lobby.memberships.grant_to(world.bob),
    "get_or_create": lambda world, row: world.lobby.memberships.get_or_create(user=world.bob),
    "update_or_create": lambda world, row: world.lobby.memberships.update_or_create(user=world.bob),
    "bulk_create": lambda world, row: world.lobby.memberships.bulk_create([row]),
    "add": lambda world, row: world.lobby.memberships.add(row),
    "add one by one": lambda world, row: world.lobby.memberships.add(row, bulk=False),
    "set": lambda world, row: world.lobby.memberships.set([row]),
    "update": lambda world, row: world.room.memberships.update(user=world.bob),
    "delete": lambda world, row: world.room.memberships.all().delete(),
    "from the user": lambda world, row: world.bob.memberships.create(room=world.lobby),
    "rooms of the user": lambda world, row: world.bob.owned_rooms.add(world.room),
}


def _values(row: Any) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields[1:]}


def _plain(row: Any) -> str:
    return {Room: "title", Membership: "since", Message: "text", JoinRequest: "status"}[type(row)]


@pytest.fixture(params=[Room, Membership, Message, JoinRequest], ids=lambda model: model.__name__)
def row(request: pytest.FixtureRequest, world: World) -> Any:
    world.said("Hello")
    world.asked_by(world.bob)
    return request.param.objects.order_by("pk").first()


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_a_row_is_not_written_outside_a_change(row: Any, door: Callable[[Any], Any]) -> None:
    before = everything()

    with pytest.raises(ChangeOutsideChanges):
        door(row)

    assert everything() == before


@pytest.mark.parametrize("door", ASYNC_DOORS.values(), ids=ASYNC_DOORS)
async def test_the_asynchronous_doors_are_closed_as_well(
    row: Any, door: Callable[[Any], Any]
) -> None:
    with pytest.raises(ChangeOutsideChanges):
        await door(row)

    # Deleting first reads, in a thread whose connection would outlive the test database.
    await sync_to_async(connections.close_all)()


@pytest.mark.parametrize("door", RELATED_DOORS.values(), ids=RELATED_DOORS)
def test_related_managers_are_closed_as_well(
    world: World, door: Callable[[World, Any], Any]
) -> None:
    row = world.room.memberships.get()
    before = everything()

    with pytest.raises(ChangeOutsideChanges):
        door(world, row)

    assert everything() == before


def test_every_model_of_chat_is_guarded_and_names_changes_that_exist() -> None:
    guarded = [each for each in vars(models).values() if isinstance(each, type)]
    tables = [each for each in guarded if getattr(each, "__module__", "") == models.__name__]

    for model in (each for each in tables if hasattr(each, "_meta")):
        assert issubclass(model, Guarded)
        assert model._base_manager.name == "objects"
        assert all(callable(getattr(changes, name)) for name in model.changed_by)


def test_the_error_names_the_function_to_call(world: World) -> None:
    with pytest.raises(ChangeOutsideChanges, match=r"chat\.changes.*call .*rename_room\(\)"):
        world.room.save()


def test_people_who_were_ever_in_a_room_are_not_deleted(world: World) -> None:
    with pytest.raises(ProtectedError):
        User.objects.filter(pk=world.alice.pk).delete()


def test_a_change_that_fails_leaves_nothing_and_shuts_the_doors(world: World) -> None:
    @change
    def fails() -> None:
        Room.objects.update(title="Half done")
        raise LookupError

    with pytest.raises(LookupError):
        fails()

    assert not Room.objects.filter(title="Half done").exists()
    with pytest.raises(ChangeOutsideChanges):
        Room.objects.update(title="Late")


def test_what_runs_after_the_commit_of_a_change_finds_the_doors_shut(world: World) -> None:
    found: list[bool] = []

    def look() -> None:
        with pytest.raises(ChangeOutsideChanges):
            Room.objects.update(title="Late")
        found.append(connection.in_atomic_block)

    @change
    def renames() -> None:
        Room.objects.update(title="New")
        transaction.on_commit(look)

    renames()

    assert found == [False]
