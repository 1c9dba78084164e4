/**
 * Every GraphQL operation that the two pages send, in one place.
 *
 * A mutation answers with a union: its …Success, or a type that implements Error.
 */

const PERSON = 'databaseId username firstName lastName';
const PREVIEW = `roomId title access owner { ${PERSON} }`;
const ROOM = `id databaseId title access owner { ${PERSON} }`;
const JOIN_REQUEST = `id databaseId status createdAt decidedAt room { ${PREVIEW} }`;
const MESSAGE = `databaseId text postedAt sender { ${PERSON} }`;
const NEXT_PAGE = 'pageInfo { hasNextPage endCursor }';
const PREVIOUS_PAGE = 'pageInfo { hasPreviousPage startCursor }';
const ERROR = '... on Error { code message }';

/* ---- the home page ---------------------------------------------------------------- */

export const HOME = `query Home {
  viewer {
    user { ${PERSON} }
    rooms(first: 100) { edges { node { ${ROOM} } } ${NEXT_PAGE} }
    joinRequests(first: 100) { edges { node { ${JOIN_REQUEST} } } }
    denied: joinRequests(status: DENIED, first: 100) { edges { node { ${JOIN_REQUEST} } } }
    eventCursor
  }
}`;

export const MORE_ROOMS = `query MoreRooms($after: String!) {
  viewer { rooms(first: 100, after: $after) { edges { node { ${ROOM} } } ${NEXT_PAGE} } }
}`;

export const OPEN_ROOMS = `query OpenRooms($search: String, $after: String) {
  openRooms(first: 20, search: $search, after: $after) { edges { node { ${PREVIEW} } } ${NEXT_PAGE} }
}`;

export const ROOM_PREVIEW = `query RoomPreview($joinCode: String!) {
  roomPreview(joinCode: $joinCode) { ${PREVIEW} }
}`;

export const JOIN_REQUEST_BY_ID = `query JoinRequestById($id: ID!) {
  node(id: $id) { __typename ... on JoinRequest { ${JOIN_REQUEST} } }
}`;

export const SIGN_UP = `mutation SignUp($input: SignUpInput!) {
  signUp(input: $input) { __typename ... on SignUpSuccess { viewer { user { ${PERSON} } } } ${ERROR} }
}`;

export const SIGN_IN = `mutation SignIn($input: SignInInput!) {
  signIn(input: $input) { __typename ... on SignInSuccess { viewer { user { ${PERSON} } } } ${ERROR} }
}`;

export const SIGN_OUT = `mutation SignOut {
  signOut { __typename ... on SignOutSuccess { ok } ${ERROR} }
}`;

export const CREATE_ROOM = `mutation CreateRoom($input: CreateRoomInput!) {
  createRoom(input: $input) { __typename ... on CreateRoomSuccess { room { databaseId } } ${ERROR} }
}`;

export const JOIN_ROOM = `mutation JoinRoom($input: JoinRoomInput!) {
  joinRoom(input: $input) { __typename ... on JoinRoomSuccess { room { databaseId } } ${ERROR} }
}`;

export const REQUEST_TO_JOIN = `mutation RequestToJoin($input: RequestToJoinInput!) {
  requestToJoin(input: $input) {
    __typename ... on RequestToJoinSuccess { joinRequest { ${JOIN_REQUEST} } } ${ERROR}
  }
}`;

export const WITHDRAW = `mutation WithdrawJoinRequest($input: WithdrawJoinRequestInput!) {
  withdrawJoinRequest(input: $input) {
    __typename ... on WithdrawJoinRequestSuccess { joinRequest { status } } ${ERROR}
  }
}`;

/* ---- the room page ---------------------------------------------------------------- */

export const ROOM_PAGE = `query RoomPage($id: ID!) {
  viewer { user { ${PERSON} } }
  room(id: $id) {
    ${ROOM}
    viewerRole
    joinCode
    joinRequests(first: 100) { edges { node { databaseId createdAt user { ${PERSON} } } } }
    members(first: 100) { edges { node { ${PERSON} } } ${NEXT_PAGE} }
    messages(last: 50) { edges { node { ${MESSAGE} } } ${PREVIOUS_PAGE} }
    eventCursor
  }
}`;

export const EARLIER_MESSAGES = `query EarlierMessages($id: ID!, $before: String!) {
  room(id: $id) { messages(last: 50, before: $before) { edges { node { ${MESSAGE} } } ${PREVIOUS_PAGE} } }
}`;

export const MORE_MEMBERS = `query MoreMembers($id: ID!, $after: String!) {
  room(id: $id) { members(first: 100, after: $after) { edges { node { ${PERSON} } } ${NEXT_PAGE} } }
}`;

export const SEND_MESSAGE = `mutation SendMessage($input: SendMessageInput!) {
  sendMessage(input: $input) {
    __typename ... on SendMessageSuccess { sentMessage { databaseId postedAt } } ${ERROR}
  }
}`;

export const ADMIT = `mutation AdmitJoinRequest($input: AdmitJoinRequestInput!) {
  admitJoinRequest(input: $input) {
    __typename ... on AdmitJoinRequestSuccess { joinRequest { status } } ${ERROR}
  }
}`;

export const DENY = `mutation DenyJoinRequest($input: DenyJoinRequestInput!) {
  denyJoinRequest(input: $input) {
    __typename ... on DenyJoinRequestSuccess { joinRequest { status } } ${ERROR}
  }
}`;

export const REMOVE_MEMBER = `mutation RemoveMember($input: RemoveMemberInput!) {
  removeMember(input: $input) { __typename ... on RemoveMemberSuccess { room { id } } ${ERROR} }
}`;

export const RENAME_ROOM = `mutation RenameRoom($input: RenameRoomInput!) {
  renameRoom(input: $input) { __typename ... on RenameRoomSuccess { room { title } } ${ERROR} }
}`;

export const ROTATE_JOIN_CODE = `mutation RotateJoinCode($input: RotateJoinCodeInput!) {
  rotateJoinCode(input: $input) { __typename ... on RotateJoinCodeSuccess { room { joinCode } } ${ERROR} }
}`;

export const DELETE_ROOM = `mutation DeleteRoom($input: DeleteRoomInput!) {
  deleteRoom(input: $input) { __typename ... on DeleteRoomSuccess { roomId } ${ERROR} }
}`;

export const LEAVE_ROOM = `mutation LeaveRoom($input: LeaveRoomInput!) {
  leaveRoom(input: $input) { __typename ... on LeaveRoomSuccess { roomId } ${ERROR} }
}`;
