"""What the client sends."""

from __future__ import annotations

SIGN_IN = """
mutation SignIn($input: SignInInput!) {
  signIn(input: $input) { ... on SignInSuccess { token } ... on Error { message } }
}"""
ROOMS = "query Rooms { viewer { rooms(first: 100) { nodes { id title } } } }"
ROOM = """
query Room($id: ID!) {
  viewer { user { id } }
  room(id: $id) { title eventCursor messages { nodes { text postedAt sender { username } } } }
}"""
EVENTS = """
subscription RoomEvents($id: ID!, $after: Cursor) {
  roomEvents(roomId: $id, after: $after) {
    __typename
    ... on Event { cursor }
    ... on MessageSent { clientMutationId message { text postedAt sender { username } } }
    ... on MemberJoined { user { username } }
    ... on MemberLeft { user { username } }
    ... on RoomRenamed { room { title } }
    ... on JoinRequestCreated { joinRequest { user { username } } }
    ... on AccessRevoked { reason }
    ... on CursorExpired { reason }
  }
}"""
SEND = """
mutation Send($input: SendMessageInput!) {
  sendMessage(input: $input) {
    __typename
    ... on Error { code message }
    ... on RateLimited { retryAfter }
  }
}"""
