import { useApolloClient } from "@apollo/client/react";
import { useEffect } from "react";
import { set } from "../api/lists";
import { fetchPage } from "../api/pages";
import { TitlesDocument } from "../gql/graphql";

/** Titles have no events in the viewer's stream: look when the person comes back. */
export function useFreshTitles(isLoaded: boolean): void {
  const client = useApolloClient();
  useEffect(() => {
    if (!isLoaded) return;
    async function refresh(): Promise<void> {
      if (document.hidden) return;
      const data = await fetchPage(client, TitlesDocument, {}).catch(() => null);
      const { rooms, joinRequests } = data?.viewer ?? { rooms: { nodes: [] }, joinRequests: { nodes: [] } };
      client.cache.batch({
        update: (cache) => {
          for (const { id, title } of rooms.nodes) set(cache, `Room:${id}`, { title });
          for (const { room } of joinRequests.nodes) set(cache, `RoomPreview:${room.id}`, { title: room.title });
        },
      });
    }
    const look = (): void => void refresh();
    look();
    addEventListener("focus", look);
    return () => removeEventListener("focus", look);
  }, [client, isLoaded]);
}
