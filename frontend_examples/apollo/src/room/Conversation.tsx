import { memo } from "react";
import { randomId } from "../api/ids";
import type { PersonFragment } from "../gql/graphql";
import type { Copy, Outbox } from "../outbox/outbox";
import { Composer } from "./Composer";
import { MessageLog } from "./MessageLog";

interface Props {
  roomId: string;
  viewer: PersonFragment;
  outbox: Outbox | null;
  copies: readonly Copy[];
  isLive: boolean;
}

export const Conversation = memo(function Conversation({ outbox, isLive, ...log }: Props) {
  return (
    <main className="conversation">
      <MessageLog {...log} outbox={outbox} />
      <Composer isLive={isLive} onSend={(text) => outbox?.add(randomId(), text)} />
    </main>
  );
});
