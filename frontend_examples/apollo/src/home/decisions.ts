import type { ViewerEvent } from "./viewer_events";

/** What the owners of rooms have answered, in sentences. */
export function decisionsIn(events: readonly ViewerEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.__typename === "JoinRequestAdmitted") return [`You have been let into “${event.joinRequest.room.title}”.`];
    if (event.__typename === "JoinRequestDenied") return [`You have not been let into “${event.joinRequest.room.title}”.`];
    return [];
  });
}
