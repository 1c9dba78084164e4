"""
The admin site's view of rooms: it asks Django's permissions, and writes through ``chat.changes``.

So whatever is done here is seen live like anything else. What the state of things
does not allow becomes a message to the person who tried.
"""

# ruff: noqa: ARG002  # Django fixes the signatures.

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Field, Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from chat import changes, texts
from chat.errors import AlreadyDecided, ChatError, Invalid, NotFound
from chat.models import JoinRequest, Membership, Message, Room

_ID_DIGITS = 19

Deletion = tuple[list[Any], dict[str, int], set[str], list[Any]]


class Choice(AutocompleteSelect):
    """Django's, which also takes what is no id: the field then says that it is none."""

    def optgroups(self, name: str, value: Sequence[str], attrs: Any = None) -> Any:
        possible = [each for each in value if each.isdigit() and len(each) < _ID_DIGITS]
        return super().optgroups(name, possible, attrs)


class ThroughChanges(admin.ModelAdmin):  # type: ignore[type-arg]  # takes none at run time
    """Saves and deletes by domain changes, and says what they refuse."""

    show_full_result_count = False

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField[Any] | None:
        if db_field.name in self.autocomplete_fields:
            kwargs["widget"] = Choice(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except ChatError as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().delete_view(request, *args, **kwargs)
        except ChatError as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(self._list_url())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for each in queryset:
            # Someone else was faster: it is as gone as was asked for.
            with suppress(NotFound):
                self.delete_model(request, each)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001  # Django's signature
        if change:
            self.alter(request, obj, form)
        else:
            obj.pk = self.begin(request, obj).pk
            obj.refresh_from_db()

    def begin(self, request: HttpRequest, obj: Any) -> Model:
        """Make what the form describes."""
        raise NotImplementedError

    def alter(self, request: HttpRequest, obj: Any, form: forms.ModelForm[Any]) -> None:
        """Change ``obj`` as the form says; ``obj`` already has the form's values."""
        raise NotImplementedError

    def _list_url(self) -> str:
        return reverse(
            f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_changelist"
        )


class RoomForm(forms.ModelForm):  # type: ignore[type-arg]  # takes none at run time
    def clean_title(self) -> str:
        try:
            return texts.title(self.cleaned_data["title"])
        except Invalid as error:
            raise ValidationError(error.reason) from error


@admin.register(Room)
class RoomAdmin(ThroughChanges):
    form = RoomForm
    fields = ("title", "access", "owner", "created_at")
    autocomplete_fields = ("owner",)
    list_display = ("title", "access", "owner", "created_at")
    list_filter = ("access",)
    list_select_related = ("owner",)
    search_fields = ("title", "owner__username")
    ordering = ("-id",)

    def get_readonly_fields(self, request: HttpRequest, obj: Room | None = None) -> tuple[str, ...]:
        return ("access", "owner", "created_at") if obj else ("created_at",)

    def begin(self, request: HttpRequest, obj: Room) -> Room:
        access = Room.Access(obj.access)
        return changes.create_room(owner=obj.owner, title=obj.title, access=access)

    def alter(self, request: HttpRequest, obj: Room, form: forms.ModelForm[Room]) -> None:
        if "title" in form.changed_data:
            changes.rename_room(obj, title=obj.title)

    def delete_model(self, request: HttpRequest, obj: Room) -> None:
        changes.delete_room(obj)

    def get_deleted_objects(self, objs: Iterable[Room], request: HttpRequest) -> Deletion:
        """
        Count what goes with the rooms; Django would load and list every message.

        Whoever may delete a room may delete what is in it.
        """
        rooms = list(objs)
        counts = {
            "Rooms": len(rooms),
            "Memberships": Membership.objects.filter(room__in=rooms).count(),
            "Messages": Message.objects.filter(room__in=rooms).count(),
            "Join requests": JoinRequest.objects.filter(room__in=rooms).count(),
        }
        return [f"Room: {room}" for room in rooms], counts, set(), []


@admin.register(Membership)
class MembershipAdmin(ThroughChanges):
    """Nobody is made a member here: admit a request instead."""

    list_display = ("user", "room", "since")
    list_select_related = ("user", "room")
    search_fields = ("user__username", "room__title")
    ordering = ("-id",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        changes.remove_member(obj, by=_who(request))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Deletion:
        """Protect the owners' memberships, before anything is deleted."""
        told, counts, needed, protected = super().get_deleted_objects(objs, request)
        owners = [f"{each.user} owns {each.room}" for each in objs if _is_owners(each)]
        return told, counts, needed, [*protected, *owners]


@admin.register(Message)
class MessageAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # takes none at run time
    """For reading: a message goes with its room."""

    list_display = ("__str__", "room", "posted_at")
    list_select_related = ("room", "sender")
    search_fields = ("text", "sender__username", "room__title")
    ordering = ("-id",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return False


@admin.register(JoinRequest)
class JoinRequestAdmin(ThroughChanges):
    autocomplete_fields = ("room", "user")
    list_display = ("user", "room", "status", "created_at", "decided_by", "decided_at")
    list_filter = ("status",)
    list_select_related = ("user", "room", "decided_by")
    search_fields = ("user__username", "room__title")
    ordering = ("-id",)
    actions = ("admit_selected", "deny_selected")

    decisions: ClassVar[dict[str, Callable[..., JoinRequest]]] = {
        JoinRequest.Status.ADMITTED: changes.admit,
        JoinRequest.Status.DENIED: changes.deny,
    }

    def get_fields(self, request: HttpRequest, obj: JoinRequest | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("room", "user")
        return ("room", "user", "status", "created_at", "decided_by", "decided_at")

    def get_readonly_fields(
        self, request: HttpRequest, obj: JoinRequest | None = None
    ) -> tuple[str, ...]:
        if obj is None:
            return ()
        known = ("room", "user", "created_at", "decided_by", "decided_at")
        # A decision that comes too late is taken in, so that it can be refused aloud.
        return known if obj.is_pending or request.method == "POST" else (*known, "status")

    def formfield_for_choice_field(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.TypedChoiceField | None:
        offered = (JoinRequest.Status.PENDING, *self.decisions)
        kwargs["choices"] = [(each, JoinRequest.Status(each).label) for each in offered]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def begin(self, request: HttpRequest, obj: JoinRequest) -> JoinRequest:
        return changes.request_to_join(obj.room, user=obj.user)

    def alter(
        self, request: HttpRequest, obj: JoinRequest, form: forms.ModelForm[JoinRequest]
    ) -> None:
        if "status" not in form.changed_data:
            return
        if obj.is_pending:
            raise AlreadyDecided(form.initial["status"])
        self.decisions[obj.status](obj, by=_who(request))

    def delete_model(self, request: HttpRequest, obj: JoinRequest) -> None:
        changes.delete_join_request(obj)

    @admin.action(description="Admit selected", permissions=["change"])
    def admit_selected(self, request: HttpRequest, queryset: QuerySet[JoinRequest]) -> None:
        self._decide(request, queryset, JoinRequest.Status.ADMITTED)

    @admin.action(description="Deny selected", permissions=["change"])
    def deny_selected(self, request: HttpRequest, queryset: QuerySet[JoinRequest]) -> None:
        self._decide(request, queryset, JoinRequest.Status.DENIED)

    def _decide(
        self, request: HttpRequest, queryset: QuerySet[JoinRequest], status: JoinRequest.Status
    ) -> None:
        decided = 0
        for each in queryset:
            try:
                self.decisions[status](each, by=_who(request))
            except ChatError as error:
                self.message_user(request, f"{each}: {error}", messages.ERROR)
            else:
                self.log_change(request, each, f"{status.label}.")
                decided += 1
        self.message_user(request, f"{status.label}: {decided}.", messages.SUCCESS)


def _who(request: HttpRequest) -> User:
    # The admin site lets nobody else in.
    return cast("User", request.user)


def _is_owners(membership: Membership) -> bool:
    return membership.user_id == membership.room.owner_id
