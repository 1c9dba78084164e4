import { useApolloClient } from "@apollo/client/react";
import type { Client } from "graphql-ws";
import { useMemo, useState } from "react";
import { App as Context } from "./app_context";
import { HomePage } from "./home/HomePage";
import { RoomPage } from "./room/RoomPage";
import { NowherePage } from "./session/NowherePage";
import { WelcomePage } from "./session/WelcomePage";
import { Notice, useNotice } from "./ui/Notice";
import { usePlace } from "./ui/usePlace";
import { useSteadyFocus } from "./ui/useSteadyFocus";

/** Which page is shown: the address says so, for those who are signed in. */
export function App({ socket }: { socket: Client }) {
  const client = useApolloClient();
  const { place, go } = usePlace();
  const { notice, notify } = useNotice();
  const [farewell, setFarewell] = useState<string | null>(null);
  useSteadyFocus();

  const app = useMemo(() => {
    const signedOut = (sentence = ""): void => {
      setFarewell(sentence);
      void client.clearStore();
      socket.terminate();
    };
    return { socket, go, notify, signedOut };
  }, [client, socket, go, notify]);

  return (
    <Context value={app}>
      {farewell !== null ? (
        <WelcomePage farewell={farewell} onSignedIn={() => setFarewell(null)} />
      ) : place.page === "home" ? (
        <HomePage />
      ) : place.page === "room" ? (
        <RoomPage key={place.databaseId} databaseId={place.databaseId} />
      ) : (
        <NowherePage />
      )}
      <Notice notice={notice} />
    </Context>
  );
}
