// Mercurius with its JIT, on Fastify.
import { readFileSync } from "node:fs";
import Fastify from "fastify";
import mercurius from "mercurius";
import { port } from "./database.mjs";
import { contextOf, resolvers } from "./resolvers.mjs";

const { Post, ...others } = resolvers;
const app = Fastify();
app.register(mercurius, {
  schema: readFileSync(new URL("schema.graphql", import.meta.url), "utf8"),
  resolvers: { ...others, Post: { resolveType: Post.resolveType } },
  context: (request) => contextOf(request.headers.authorization),
  jit: 1,
});
await app.listen({ port, host: "127.0.0.1" });
