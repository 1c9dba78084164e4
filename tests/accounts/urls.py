"""Views that show what the middleware made of a request."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path

from accounts.actions import sign_in_request, sign_out_request
from accounts.authentication import identity_of_request
from accounts.tokens import token_for


def who(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"user": request.user.get_username()})


async def who_async(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"user": (await request.auser()).get_username()})


def who_identified(request: HttpRequest) -> JsonResponse:
    identity = identity_of_request(request)
    return JsonResponse({"user": identity.user.username if identity else ""})


def who_streamed(request: HttpRequest) -> StreamingHttpResponse:
    def body() -> Iterator[str]:
        identity = identity_of_request(request)
        yield identity.user.username if identity else ""

    return StreamingHttpResponse(body())


def nobody(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def remember(request: HttpRequest) -> HttpResponse:
    request.session["colour"] = "green"
    return HttpResponse()


def remember_and_fail(request: HttpRequest) -> HttpResponse:
    request.session["colour"] = "green"
    return HttpResponse(status=500)


def sign_in(request: HttpRequest) -> JsonResponse:
    user = User.objects.get(username=request.GET["as"])
    key = sign_in_request(request, user).session_key
    return JsonResponse({"token": token_for(key or "")})


def sign_out(request: HttpRequest) -> HttpResponse:
    sign_out_request(request)
    return HttpResponse()


def sign_out_and_remember(request: HttpRequest) -> HttpResponse:
    sign_out_request(request)
    return remember(request)


urlpatterns = [
    path("admin/", admin.site.urls),
    path("who/", who),
    path("who-async/", who_async),
    path("who-identified/", who_identified),
    path("who-streamed/", who_streamed),
    path("nobody/", nobody),
    path("remember/", remember),
    path("remember-and-fail/", remember_and_fail),
    path("sign-in/", sign_in),
    path("sign-out/", sign_out),
    path("sign-out-and-remember/", sign_out_and_remember),
]
