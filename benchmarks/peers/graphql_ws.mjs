// graphql-ws on ws, graphql-js, and Yoga's publish-subscribe in memory. Posts and votes are objects in memory too, which
// is generous: nothing is read, written or committed. Votes come over HTTP, to Yoga.
import { createServer } from "node:http";
import { useServer } from "graphql-ws/use/ws";
import { createPubSub, createSchema, createYoga, Repeater } from "graphql-yoga";
import { WebSocketServer } from "ws";

const VALUES = { UP: 1, DOWN: -1, NONE: 0 };
const pubSub = createPubSub();
const posts = new Map();
const votes = new Map();

function postOf(id) {
  let post = posts.get(id);
  if (post === undefined) posts.set(id, (post = { id, score: 0, upVotes: 0, downVotes: 0, version: 1 }));
  return post;
}

function castVote(voter, id, name) {
  const value = VALUES[name];
  const key = `${voter} ${id}`;
  const before = votes.get(key) ?? 0;
  if (value === before) return postOf(id);
  votes.set(key, value);
  const { upVotes, downVotes, version } = postOf(id);
  const up = upVotes + (value === 1) - (before === 1);
  const down = downVotes + (value === -1) - (before === -1);
  const post = { id, score: up - down, upVotes: up, downVotes: down, version: version + 1 };
  posts.set(id, post);
  pubSub.publish("votesChanged", id, post);
  return post;
}

const schema = createSchema({
  typeDefs: /* GraphQL */ `
    type Query { post(id: ID!): Post! }
    type Mutation { castVote(input: CastVoteInput!): CastVotePayload! }
    type Subscription { votesChanged(postIds: [ID!]!): Post! }
    type Post { id: ID! score: Int! upVotes: Int! downVotes: Int! version: Int! viewerVote: VoteValue! }
    type CastVotePayload { post: Post! }
    enum VoteValue { UP DOWN NONE }
    input CastVoteInput { postId: ID! value: VoteValue! }
  `,
  resolvers: {
    Query: { post: (_, { id }) => postOf(id) },
    Mutation: {
      castVote: (_, { input: { postId, value } }, { voter }) => ({
        post: { ...castVote(voter, postId, value), viewerVote: value },
      }),
    },
    Subscription: {
      votesChanged: {
        subscribe: (_, { postIds }) =>
          Repeater.merge([...postIds.map(postOf), ...postIds.map((id) => pubSub.subscribe("votesChanged", id))]),
        resolve: (post) => post,
      },
    },
  },
});

const yoga = createYoga({
  schema,
  context: ({ request }) => ({ voter: request.headers.get("authorization") }),
  graphiql: false,
  landingPage: false,
  logging: false,
  multipart: false,
  maskedErrors: false,
  cors: false,
});
const server = createServer(yoga);
useServer({ schema }, new WebSocketServer({ server, path: "/graphql" }));
server.listen({ port: Number(process.env.PORT), host: "127.0.0.1", backlog: 2048 });
