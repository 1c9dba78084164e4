import type { OperationVariables, TypedDocumentNode } from "@apollo/client";
import { useApolloClient } from "@apollo/client/react";
import { useRef, useState } from "react";
import { act, type Problem, type Success } from "../api/act";

/** A mutation of this component: one at a time, with what it is doing and what went wrong. */
export function useAct<Data, Variables extends OperationVariables>(mutation: TypedDocumentNode<Data, Variables>) {
  const client = useApolloClient();
  const isRunning = useRef(false);
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  /** Null: it did not happen, and `problem` says why; or it is still running. */
  async function run(variables: Variables): Promise<Success<Data> | null> {
    if (isRunning.current) return null;
    isRunning.current = true;
    setIsBusy(true);
    const answer = await act(client, mutation, variables);
    isRunning.current = false;
    setIsBusy(false);
    setProblem("problem" in answer ? answer.problem : null);
    return "success" in answer ? answer.success : null;
  }

  return { run, isBusy, problem };
}
