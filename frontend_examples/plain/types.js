/**
 * The shapes that the modules pass to each other, as JSDoc types. Nothing here runs.
 *
 * Two kinds of id: `id` is GraphQL's, opaque and unique over everything; `databaseId` is
 * the number that the page's address and the live frames use, kept as text throughout.
 *
 * @typedef {{databaseId: string, username: string, firstName: string, lastName: string}} Person
 *
 * @typedef {'OPEN' | 'BY_REQUEST'} Access
 * @typedef {'PENDING' | 'ADMITTED' | 'DENIED' | 'WITHDRAWN'} RequestStatus
 *
 * @typedef {object} RoomPreview   What someone outside a room may know of it.
 * @property {string} roomId
 * @property {string} title
 * @property {Access} access
 * @property {Person} owner
 *
 * @typedef {object} Room
 * @property {string} id
 * @property {string} databaseId
 * @property {string} title
 * @property {Access} access
 * @property {Person} owner
 *
 * @typedef {object} JoinRequest
 * @property {string} id
 * @property {string} databaseId
 * @property {RequestStatus} status
 * @property {string} createdAt
 * @property {string | null} decidedAt
 * @property {RoomPreview} room
 *
 * @typedef {object} Message
 * @property {string} key         Names its row on the page, from the optimistic copy to the real message.
 * @property {string} databaseId  Empty while it is only an optimistic copy.
 * @property {Person} sender
 * @property {string} text
 * @property {string} postedAt    ISO 8601.
 * @property {Delivery} [delivery] Only on optimistic copies.
 *
 * @typedef {{state: 'sending' | 'waiting' | 'sent' | 'failed', reason?: string}} Delivery
 *
 * @typedef {object} Frame        What the server sends over a live topic.
 * @property {string} type
 * @property {any} kwargs
 * @property {string} [cursor]    The position just after this frame.
 */

export {};
