/**
 * Anteroom over HTTP: one POST per operation.
 *
 * `graphql` reads, `mutate` writes. What the server refuses arrives as an `ApiError` with a
 * code to act on and a message to show; `Unreachable` means that nobody knows whether the
 * operation happened, so a mutation may only be repeated if it is idempotent.
 */

import { GRAPHQL } from './addresses.js';

const TIMEOUT_MS = 15_000;

/** The server understood and said no. */
export class ApiError extends Error {
  /** @param {{code: string, message: string}} error */
  constructor({ code, message }) {
    super(message);
    this.code = code;
  }
}

/** No usable answer came: offline, timed out, or a server that is restarting. */
export class Unreachable extends Error {
  constructor() {
    super('The server cannot be reached right now.');
  }
}

/**
 * Run one operation and return its data.
 *
 * @param {string} query
 * @param {Record<string, unknown>} [variables]
 * @returns {Promise<any>}
 * @throws {ApiError | Unreachable}
 */
export async function graphql(query, variables = {}) {
  const { data, errors } = await post({ query, variables });
  if (errors?.length) {
    const [{ message, extensions }] = errors;
    throw new ApiError({ code: extensions?.code ?? 'UNEXPECTED', message });
  }
  return data;
}

/**
 * Run a mutation of one field and return its …Success. The error types of its …Result
 * union, which every operation in operations.js selects with `... on Error`, are thrown.
 *
 * @param {string} mutation
 * @param {Record<string, unknown>} [input]
 * @returns {Promise<any>}
 * @throws {ApiError | Unreachable}
 */
export async function mutate(mutation, input) {
  const [result] = Object.values(await graphql(mutation, input && { input }));
  if (!result.__typename.endsWith('Success')) throw new ApiError(result);
  return result;
}

/**
 * The GraphQL id of an object of which only the database id is known.
 *
 * GraphQL ids are opaque: take them from answers wherever there is one. The live frames and
 * the address of a room's page carry database ids, and this is the one place that
 * knows how the two are related.
 *
 * @param {'Room' | 'JoinRequest' | 'User'} type
 * @param {string} databaseId
 */
export function globalId(type, databaseId) {
  return btoa(`${type}:${databaseId}`);
}

/** @param {string} databaseId */
export function roomId(databaseId) {
  return globalId('Room', databaseId);
}

/** @param {{edges: {node: any}[]}} connection */
export function nodes(connection) {
  return connection.edges.map((edge) => edge.node);
}

/** @param {object} body */
async function post(body) {
  const response = await fetch(GRAPHQL, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/graphql-response+json, application/json',
      'X-CSRFToken': cookie('csrftoken'),
    },
    credentials: 'same-origin',
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => {
    throw new Unreachable();
  });
  return (await parsed(response)) ?? refuse(response);
}

/** @param {Response} response */
async function parsed(response) {
  const isJson = /json/.test(response.headers.get('Content-Type') ?? '');
  return isJson ? response.json().catch(() => null) : null;
}

/**
 * @param {Response} response
 * @returns {never}
 */
function refuse({ status }) {
  if (status === 403) throw new ApiError({ code: 'FORBIDDEN', message: 'This page is out of date. Please reload it.' });
  throw new Unreachable();
}

/** @param {string} name */
function cookie(name) {
  const pair = document.cookie.split('; ').find((part) => part.startsWith(`${name}=`));
  return pair ? decodeURIComponent(pair.slice(name.length + 1)) : '';
}
