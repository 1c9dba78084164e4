/**
 * The one WebSocket that all subscriptions of the page share.
 *
 * It never reconnects by itself: graphql-ws would send the original variables again, and
 * with them a cursor of long ago. `follow` subscribes anew, after the last cursor.
 */

import { createClient, type Client } from "graphql-ws";
import { socketAddress } from "./address";

const PING_MS = 15_000;
const PONG_MS = 5_000;
/** Long enough for the next page to subscribe before the last one's socket is closed. */
const IDLE_MS = 3_000;

export function createSocket(): Client {
  let overdue: ReturnType<typeof setTimeout> | undefined;
  const socket: Client = createClient({
    url: socketAddress,
    retryAttempts: 0,
    lazyCloseTimeout: IDLE_MS,
    connectionAckWaitTimeout: 10_000,
    keepAlive: PING_MS,
    on: {
      // A laptop that slept, a network that changed: the socket looks open and is dead.
      ping: (isReceived) => {
        if (!isReceived) overdue = setTimeout(() => socket.terminate(), PONG_MS);
      },
      pong: (isReceived) => {
        if (isReceived) clearTimeout(overdue);
      },
      closed: () => clearTimeout(overdue),
    },
  });
  return socket;
}
