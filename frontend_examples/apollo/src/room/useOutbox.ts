import { useApolloClient } from "@apollo/client/react";
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { act } from "../api/act";
import { SendMessageDocument } from "../gql/graphql";
import { type Copy, Outbox } from "../outbox/outbox";
import { tabStore } from "../outbox/store";
import { isKept } from "./stretch";

const NONE: readonly Copy[] = [];

/** The viewer's outbox of this room; null until it is known who the viewer is. */
export function useOutbox(roomId: string, viewerId: string | null) {
  const client = useApolloClient();
  const outbox = useMemo(() => {
    if (viewerId === null) return null;
    const send = async ({ id, text }: Copy) => {
      const answer = await act(client, SendMessageDocument, { input: { roomId, text, clientMutationId: id } });
      return "success" in answer ? { messageId: answer.success.sentMessage.id } : answer.problem;
    };
    const isKnown = (messageId: string): boolean => isKept(client.cache, roomId, messageId);
    return new Outbox({ send, isKnown }, tabStore(roomId, viewerId));
  }, [client, roomId, viewerId]);
  useEffect(() => () => outbox?.stop(), [outbox]);
  const copies = useSyncExternalStore(outbox?.subscribe ?? never, outbox?.copies ?? none);
  return { outbox, copies };
}

function never(): () => void {
  return () => undefined;
}

function none(): readonly Copy[] {
  return NONE;
}
