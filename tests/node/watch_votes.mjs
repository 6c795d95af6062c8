/**
 * The npm package graphql-ws, watching the votes of a post: prints each event as a line of JSON, and ends after COUNT.
 *
 *     node watch_votes.mjs ORIGIN POST_ID COUNT
 */
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [origin, postId, count] = process.argv.slice(2);
const client = createClient({ url: `${origin.replace(/^http/, "ws")}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 });
const query = `subscription WatchVotes($postIds: [ID!]!) { votesChanged(postIds: $postIds) { id score viewerVote } }`;

let seen = 0;
for await (const event of client.iterate({ query, variables: { postIds: [postId] } })) {
  console.log(JSON.stringify(event));
  if (++seen === Number(count)) break;
}
await client.dispose();
