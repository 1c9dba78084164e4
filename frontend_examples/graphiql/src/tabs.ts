/**
 * The tabs that a new visitor finds: the story of somebody who asks to come in, one step each.
 *
 * The browser's cookie is Alice's, who owns the room. Bob's steps carry his token in the headers
 * editor, and are his whatever the cookie says.
 */
import type { ComponentProps } from 'react';
import type { GraphiQL } from 'graphiql';

type Tab = NonNullable<ComponentProps<typeof GraphiQL>['defaultTabs']>[number];

const BOB = { Authorization: 'Bearer TOKEN' };

export const tabs: Tab[] = [
  tab(
    `# 1. Be Alice in this browser: the answer sets a
# cookie. "make run" has printed the password.
mutation SignIn {
  signIn(input: { username: "alice", password: "" }) {
    ... on SignInSuccess {
      viewer { user { username firstName } }
    }
    ... on Error { code message }
  }
}`,
  ),
  tab(
    `# 2. What do I see? Each eventCursor is the position
# at which this answer is exact: follow from there,
# and nothing is missing.
query WhoAmI {
  viewer {
    user { id username }
    eventCursor
    rooms {
      nodes {
        id
        title
        viewerRole
        joinCode
        eventCursor
      }
    }
    joinRequests {
      nodes { id status room { title } }
    }
  }
}`,
  ),
  tab(
    `# 3. Follow the room whose id and eventCursor are in
# tab 2. Going to another tab ends a stream: open it in
# a window of its own, or run it again later. What came
# after the cursor comes now, and the rest as it happens.
subscription RoomEvents($roomId: ID!, $after: Cursor) {
  roomEvents(roomId: $roomId, after: $after) {
    __typename
    ... on Event { cursor occurredAt }
    ... on MessageSent {
      message { text sender { username } }
    }
    ... on MemberJoined { user { username } }
    ... on MemberLeft { user { username } }
    ... on JoinRequestCreated {
      joinRequest { id user { username } }
    }
    ... on AccessRevoked { reason }
    ... on CursorExpired { reason }
  }
}`,
    { roomId: '', after: null },
  ),
  tab(
    `# 4. A token for Bob. With a header Authorization,
# even an empty one, the cookie is left alone.
mutation TokenForBob {
  signIn(input: { username: "bob", password: "" }) {
    ... on SignInSuccess { token }
    ... on Error { code message }
  }
}`,
    undefined,
    { Authorization: '' },
  ),
  tab(
    `# 5. Bob follows what concerns him. His token goes
# into the headers below, in place of TOKEN.
# Without "after", the stream starts now.
subscription UserEvents($after: Cursor) {
  userEvents(after: $after) {
    __typename
    ... on Event { cursor occurredAt }
    ... on JoinRequestCreated {
      joinRequest { room { title } }
    }
    ... on JoinRequestAdmitted {
      joinRequest { status room { title } }
    }
    ... on JoinRequestDenied {
      joinRequest { status room { title } }
    }
    ... on RoomJoined { room { roomId title } }
    ... on RoomLeft { roomId }
    ... on AccessRevoked { reason }
    ... on CursorExpired { reason }
  }
}`,
    { after: null },
    BOB,
  ),
  tab(
    `# 6. Bob asks to come in, with the joinCode of tab 2
# and his token. Tab 3 shows it.
mutation RequestToJoin($input: RequestToJoinInput!) {
  requestToJoin(input: $input) {
    ... on RequestToJoinSuccess {
      joinRequest {
        id
        status
        room { title owner { username } }
      }
    }
    ... on Error { code message }
  }
}`,
    { input: { joinCode: '' } },
    BOB,
  ),
  tab(
    `# 7. Alice lets him in, by the joinRequest's id.
# Tab 3 and tab 5 show it.
mutation Admit($input: AdmitJoinRequestInput!) {
  admitJoinRequest(input: $input) {
    ... on AdmitJoinRequestSuccess {
      joinRequest { status user { username } }
    }
    ... on Error { code message }
  }
}`,
    { input: { joinRequestId: '' } },
  ),
  tab(
    `# 8. Bob says something. Run it twice: the same
# clientMutationId makes one message.
mutation SendMessage($input: SendMessageInput!) {
  sendMessage(input: $input) {
    ... on SendMessageSuccess {
      sentMessage { id text postedAt }
    }
    ... on Error { code message }
  }
}`,
    { input: { roomId: '', text: 'Here I am.', clientMutationId: 'my-first-words' } },
    BOB,
  ),
];

function tab(query: string, variables?: object, headers?: object): Tab {
  return { query, variables: written(variables), headers: written(headers) };
}

function written(value: object | undefined): string {
  return value ? JSON.stringify(value, null, 2) : '';
}
