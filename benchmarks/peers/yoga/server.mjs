// graphql-yoga with graphql-ws on ws, after "Subscriptions" in https://the-guild.dev/graphql/yoga-server:
// the recipe for WebSockets, and the Redis event target.
// Two things are added: the message is stored, and a ping says that the subscription is made.
import { createServer } from 'node:http';
import { createRedisEventTarget } from '@graphql-yoga/redis-event-target';
import { useServer } from 'graphql-ws/use/ws';
import { createPubSub, createSchema, createYoga } from 'graphql-yoga';
import { Redis } from 'ioredis';
import pg from 'pg';
import { WebSocketServer } from 'ws';

const database = new pg.Pool();
const pubSub = createPubSub({
  eventTarget: createRedisEventTarget({
    publishClient: new Redis(process.env.REDIS_URL),
    subscribeClient: new Redis(process.env.REDIS_URL),
  }),
});

const typeDefs = /* GraphQL */ `
  type Message { cursor: String! id: ID! text: String! sender: String! postedAt: String! }
  type Query { hello: String }
  type Mutation { sendMessage(room: Int!, text: String!): Message! }
  type Subscription { messages(room: Int!): Message! }
`;

const INSERT = `INSERT INTO peer_message (room_id, sender, text) VALUES ($1, $2, $3) RETURNING id, posted_at`;
const SUBSCRIBED = JSON.stringify({ type: 'ping', payload: { subscribed: true } });

const resolvers = {
  Mutation: {
    async sendMessage(_, { room, text }) {
      const sender = 'person-1';
      const { rows } = await database.query(INSERT, [room, sender, text]);
      const [{ id, posted_at }] = rows;
      const cursor = String(id).padStart(80, '0');
      const message = { cursor, id, text, sender, postedAt: posted_at.toISOString() };
      pubSub.publish('room', room, message);
      return message;
    },
  },
  Subscription: {
    messages: {
      subscribe: (_, { room }) => pubSub.subscribe('room', room),
      resolve: (message) => message,
    },
  },
};

const yoga = createYoga({ schema: createSchema({ typeDefs, resolvers }), logging: 'warn' });
const httpServer = createServer(yoga);
const wsServer = new WebSocketServer({ server: httpServer, path: yoga.graphqlEndpoint });

useServer(
  {
    execute: (args) => args.rootValue.execute(args),
    subscribe: (args) => args.rootValue.subscribe(args),
    onSubscribe: async (ctx, _id, params) => {
      const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({
        ...ctx,
        req: ctx.extra.request,
        socket: ctx.extra.socket,
        params,
      });
      const args = {
        schema,
        operationName: params.operationName,
        document: parse(params.query),
        variableValues: params.variables,
        contextValue: await contextFactory(),
        rootValue: { execute, subscribe },
      };
      const errors = validate(args.schema, args.document);
      return errors.length ? errors : args;
    },
    onOperation: (ctx, _id, _params, _args, result) => {
      if (Symbol.asyncIterator in result) ctx.extra.socket.send(SUBSCRIBED);
    },
  },
  wsServer,
);

httpServer.listen(Number(process.env.PORT), '127.0.0.1');
