import { useApolloClient, useQuery } from "@apollo/client/react";
import { useFollowing } from "../follow/useFollowing";
import { useApp } from "../app_context";
import { HomeDocument } from "../gql/graphql";
import { Door } from "../ui/Door";
import { nameOf } from "../ui/people";
import { Spinner } from "../ui/Spinner";
import { StatusLine } from "../ui/StatusLine";
import { usePageTitle } from "../ui/usePageTitle";
import { Account } from "./Account";
import { decisionsIn } from "./decisions";
import { followViewer } from "./followViewer";
import { JoinByCode } from "./JoinByCode";
import { JoinRequests } from "./JoinRequests";
import { OpenRooms } from "./OpenRooms";
import { Rooms } from "./Rooms";
import type { ViewerEvent } from "./viewer_events";
import { useFreshTitles } from "./useFreshTitles";

export function HomePage() {
  const client = useApolloClient();
  const { notify, signedOut } = useApp();
  const { data } = useQuery(HomeDocument, { fetchPolicy: "cache-only" });
  const viewer = data?.viewer;
  const heading = usePageTitle("");
  useFreshTitles(viewer !== undefined && viewer !== null);

  const status = useFollowing<ViewerEvent>((on) => followViewer(client, on), {
    onQuery: () => undefined,
    onEvents: (events) => decisionsIn(events).forEach(notify),
    onEnd: () => signedOut(viewer ? "You have been signed out." : ""),
  });

  return (
    <div className="home">
      <header className="bar">
        <p className="brand">
          <Door access="OPEN" /> Anteroom
        </p>
        <StatusLine status={status} />
        {viewer && <Account person={viewer.user} />}
      </header>
      <main className="home-main" aria-busy={!viewer}>
        <h1 ref={heading} tabIndex={-1} className="home-title">
          {viewer ? `Welcome, ${viewer.user.firstName || nameOf(viewer.user)}` : "Your rooms"}
        </h1>
        {viewer ? (
          <>
            <div className="column">
              <Rooms rooms={viewer.rooms} viewerId={viewer.user.id} />
              <JoinRequests requests={[...viewer.joinRequests.nodes, ...viewer.denied.nodes]} rooms={viewer.rooms.nodes} />
            </div>
            <div className="column side">
              <JoinByCode rooms={viewer.rooms.nodes} requests={viewer.joinRequests.nodes} />
              <OpenRooms rooms={viewer.rooms.nodes} />
            </div>
          </>
        ) : (
          <Spinner label="Your rooms are on their way" isLate={status.state === "waiting"} />
        )}
      </main>
    </div>
  );
}
