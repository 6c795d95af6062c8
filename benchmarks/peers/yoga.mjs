// GraphQL Yoga with graphql-jit, on Node's own HTTP server.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { useGraphQlJit } from "@envelop/graphql-jit";
import { createSchema, createYoga } from "graphql-yoga";
import { port } from "./database.mjs";
import { contextOf, resolvers } from "./resolvers.mjs";

const { Post, ...others } = resolvers;
const yoga = createYoga({
  schema: createSchema({
    typeDefs: readFileSync(new URL("schema.graphql", import.meta.url), "utf8"),
    resolvers: { ...others, Post: { __resolveType: Post.__resolveType } },
  }),
  plugins: [useGraphQlJit()],
  context: ({ request }) => contextOf(request.headers.get("authorization")),
  graphiql: false,
  landingPage: false,
  logging: false,
  multipart: false,
  maskedErrors: false,
  cors: false,
});
createServer(yoga).listen(port, "127.0.0.1");
