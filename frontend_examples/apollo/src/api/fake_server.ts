/** An Apollo client whose server is played by a test. */

import { ApolloClient, ApolloLink, Observable } from "@apollo/client";
import { OperationTypeNode } from "graphql";
import type { PersonFragment, PreviewFragment } from "../gql/graphql";
import { createCache } from "./cache";

type Data = Record<string, unknown>;

export const alice: PersonFragment = { __typename: "User", id: "U1", databaseId: 1, username: "alice", firstName: "Alice", lastName: "" };
export const bob: PersonFragment = { __typename: "User", id: "U2", databaseId: 2, username: "bob", firstName: "Bob", lastName: "" };

/** "Room:7", as the server writes it. */
export const ROOM_ID = btoa("Room:7");

export function preview(title: string): PreviewFragment {
  return { __typename: "RoomPreview", id: "P7", roomId: ROOM_ID, title, access: "BY_REQUEST", owner: alice };
}

/** `answers` are given to the queries, the last of them again and again. */
export function serverWith(field: string, ...answers: Data[]) {
  const variables: Data[] = [];
  let queries = 0;
  let deliver: (data: Data) => void = () => undefined;
  const link = new ApolloLink((operation) => {
    if (operation.operationType === OperationTypeNode.SUBSCRIPTION) {
      variables.push(operation.variables);
      return new Observable((observer) => {
        deliver = (data) => observer.next({ data });
      });
    }
    const data = answers[Math.min(queries, answers.length - 1)] ?? null;
    queries += 1;
    return new Observable((observer) => {
      observer.next({ data });
      observer.complete();
    });
  });
  const client = new ApolloClient({ cache: createCache(), link });
  /** One event to the present subscription. */
  const send = (event: Data): void => deliver({ [field]: event });
  return { client, send, variables, countQueries: () => queries };
}
