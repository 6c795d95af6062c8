/**
 * Other people's clients, watching the votes of a post: prints each event as a line of JSON, and ends after COUNT.
 *
 *     node watch_votes.mjs CLIENT ORIGIN POST_ID COUNT
 */
import { ApolloClient, gql, InMemoryCache } from "@apollo/client/core";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { createClient as sseClient } from "graphql-sse";
import { createClient as wsClient } from "graphql-ws";
import WebSocket from "ws";

const [name, origin, postId, count] = process.argv.slice(2);
const url = `${origin}/graphql`;
const query = `subscription WatchVotes($postIds: [ID!]!) { votesChanged(postIds: $postIds) { id score viewerVote } }`;
const variables = { postIds: [postId] };

/** Each watches in its own way: told of a result, it calls `next` with its data. */
const WATCHING = {
  "graphql-ws": (sink) => socket().subscribe({ query, variables }, reading(sink)),
  "graphql-sse": (sink) => sseClient({ url, retryAttempts: 0 }).subscribe({ query, variables }, reading(sink)),
  apollo: (sink) => {
    const client = new ApolloClient({ link: new GraphQLWsLink(socket()), cache: new InMemoryCache() });
    client.subscribe({ query: gql(query), variables }).subscribe(reading(sink));
  },
  urql: (sink) => {
    const overSocket = socket();
    const forwardSubscription = ({ query, variables }) => ({
      subscribe: (observer) => ({ unsubscribe: overSocket.subscribe({ query, variables }, observer) }),
    });
    urql([subscriptionExchange({ forwardSubscription })], sink);
  },
  "urql over fetch": (sink) => urql([fetchExchange], sink, { fetchSubscriptions: true }),
};

let seen = 0;
const watch = WATCHING[name];
if (!watch) throw new Error(`There is no client ${name} here: give one of ${Object.keys(WATCHING)}.`);
watch({ next: told, error: failed });

function socket() {
  return wsClient({ url: url.replace(/^http/, "ws"), webSocketImpl: WebSocket, retryAttempts: 0 });
}

function urql(exchanges, sink, options = {}) {
  const client = new Client({ url, exchanges, preferGetMethod: false, ...options });
  client.subscription(query, variables).subscribe(({ data, error }) => (error ? sink.error(error) : sink.next(data)));
}

function reading({ next, error }) {
  return { next: ({ data, errors }) => (errors ? error(errors) : next(data)), error, complete: () => error("It ended.") };
}

function told({ votesChanged: { id, score, viewerVote } }) {
  console.log(JSON.stringify({ id, score, viewerVote }));
  if (++seen === Number(count)) process.exit();
}

function failed(error) {
  console.error(error);
  process.exit(1);
}
