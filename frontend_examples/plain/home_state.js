/**
 * What the home page knows: the viewer, their rooms, and their requests to join others.
 *
 * Every method may be called twice with the same news (the answer to a mutation and the live
 * frame tell of the same change, in either order) and then changes nothing.
 */

import { nodes } from './api.js';
import { person } from './people.js';

/** @typedef {import('./types.js').Room} Room */
/** @typedef {import('./types.js').RoomPreview} RoomPreview */
/** @typedef {import('./types.js').JoinRequest} JoinRequest */

const DENIAL_SHOWN_MS = 7 * 24 * 60 * 60 * 1000;

/** @param {() => void} changed  Called after every change. */
export function homeState(changed) {
  /** @type {Map<string, Room>} */
  const rooms = new Map();
  /** @type {Map<string, JoinRequest>} */
  const requests = new Map();

  return {
    /** @type {import('./types.js').Person | null} */
    viewer: null,
    /** @type {string | null} Where the next page of rooms starts. */
    moreRoomsAfter: null,

    /** Start afresh from a query. @param {any} viewer */
    replace(viewer) {
      rooms.clear();
      requests.clear();
      this.viewer = person(viewer.user);
      for (const request of nodes(viewer.denied).map(joinRequest)) {
        if (isRecent(request)) requests.set(request.databaseId, request);
      }
      for (const request of nodes(viewer.joinRequests).map(joinRequest)) {
        requests.set(request.databaseId, request);
      }
      this.addRooms(viewer.rooms);
    },

    /** @param {any} connection */
    addRooms(connection) {
      for (const room of nodes(connection).map(ownRoom)) rooms.set(room.databaseId, room);
      this.moreRoomsAfter = connection.pageInfo.hasNextPage ? connection.pageInfo.endCursor : null;
      changed();
    },

    /** @param {Room} room */
    addRoom(room) {
      rooms.set(room.databaseId, room);
      changed();
    },

    /** @param {string} databaseId */
    removeRoom(databaseId) {
      rooms.delete(databaseId);
      changed();
    },

    /** A decision may overtake the answer that says "pending": it stands. @param {JoinRequest} request */
    addRequest(request) {
      if (!requests.has(request.databaseId)) requests.set(request.databaseId, request);
      changed();
    },

    /**
     * The request, if this is news.
     *
     * @param {string} databaseId
     * @param {import('./types.js').RequestStatus} status
     */
    settleRequest(databaseId, status) {
      const request = requests.get(databaseId);
      if (request?.status !== 'PENDING') return null;
      requests.set(databaseId, { ...request, status, decidedAt: new Date().toISOString() });
      changed();
      return request;
    },

    /** @param {string} databaseId */
    knowsRequest(databaseId) {
      return requests.has(databaseId);
    },

    /** By title. */
    rooms() {
      return [...rooms.values()].sort((a, b) => a.title.localeCompare(b.title));
    },

    /** The latest request to each room, newest first. */
    requests() {
      const newestFirst = [...requests.values()].sort((a, b) => b.createdAt.localeCompare(a.createdAt));
      const rooms = new Map();
      for (const request of newestFirst) {
        if (!rooms.has(request.room.roomId)) rooms.set(request.room.roomId, request);
      }
      return [...rooms.values()];
    },

    /** The viewer's own room with this GraphQL id. @param {string} roomId */
    roomWithId(roomId) {
      return [...rooms.values()].find(({ id }) => id === roomId);
    },

    /** @param {string} roomId */
    isWaitingFor(roomId) {
      return [...requests.values()].some(({ room, status }) => room.roomId === roomId && status === 'PENDING');
    },
  };
}

/** @typedef {ReturnType<typeof homeState>} HomeState */

/** A join request as GraphQL gives it. @param {any} node @returns {JoinRequest} */
export function joinRequest(node) {
  return { ...node, databaseId: String(node.databaseId), room: preview(node.room) };
}

/** A room's preview as GraphQL gives it. @param {any} node @returns {RoomPreview} */
export function preview(node) {
  return { ...node, owner: person(node.owner) };
}

/** @param {any} node @returns {Room} */
function ownRoom(node) {
  return { ...node, databaseId: String(node.databaseId), owner: person(node.owner) };
}

/** @param {JoinRequest} request */
function isRecent({ decidedAt }) {
  return decidedAt !== null && Date.now() - Date.parse(decidedAt) < DENIAL_SHOWN_MS;
}
