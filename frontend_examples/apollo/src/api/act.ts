/**
 * Mutations. Each answers with a union, its …Success or an error as data.
 */

import type { ApolloClient, OperationVariables, TypedDocumentNode } from "@apollo/client";
import type { ErrorCode } from "../gql/graphql";

/** What went wrong, in a sentence for the person. */
export interface Problem {
  /** Null: nobody knows whether the operation happened. */
  code: ErrorCode | null;
  message: string;
  /** The input that cannot be used. */
  field?: string;
}

type ErrorData = Problem & { __typename: string; code: ErrorCode };
type Result<Data> = Extract<Data[keyof Data], { __typename: string }>;
export type Success<Data> = Exclude<Result<Data>, { code: ErrorCode }>;
export type Answer<Data> = { success: Success<Data> } | { problem: Problem };

const UNREACHABLE: Problem = { code: null, message: "The server cannot be reached right now." };

/** Never throws. A problem without a code may be tried again only if the mutation is idempotent. */
export async function act<Data, Variables extends OperationVariables>(
  client: ApolloClient,
  mutation: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Answer<Data>> {
  try {
    // Apollo types optional variables by a conditional type that a generic one cannot satisfy.
    const { data } = await client.mutate({ mutation, variables } as ApolloClient.MutateOptions<Data, Variables>);
    return answerOf<Data>(data);
  } catch (error) {
    console.warn(error);
    return { problem: UNREACHABLE };
  }
}

function answerOf<Data>(data: unknown): Answer<Data> {
  const result = Object.values(data ?? {}).find(isResult);
  if (result === undefined) return { problem: UNREACHABLE };
  return isError(result) ? { problem: result } : { success: result as Success<Data> };
}

function isResult(value: unknown): value is { __typename: string } {
  return typeof value === "object" && value !== null;
}

function isError(result: { __typename: string }): result is ErrorData {
  return "code" in result;
}
